"""Blocks that no reader may accept as records: one for each rule of the envelope at least.

Each is built from a record that is accepted, by one change; where the change is not to the
signature, the block is signed anew, so that only its own rule refuses it.
"""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct
from sample_job import SampleJob, key

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import decode, encode
from runtime.identity.keys import SigningKey
from runtime.identity.signed import RecordFault

DOMAIN: Final = b"icn-mesh/1\0"
ORDER_OF_THE_GROUP: Final = 2**252 + 27742317777372353535851937790883648493
"""Of Ed25519: S + L is another encoding of the same signature, which is refused."""


class Refused(Struct, frozen=True, kw_only=True):
    """A block, the fault that it gives, and the rule that it breaks."""

    rule: str
    fault: RecordFault
    block: bytes


def signed_value(value: dict[str, Any], by: SigningKey, domain: bytes = DOMAIN) -> bytes:
    """The block of any map, signed as a record of its type."""
    unsigned = {name: each for name, each in value.items() if name != "sig"}
    message = domain + str(unsigned["type"]).encode() + b"\0" + encode(unsigned)
    return encode(unsigned | {"sig": by.sign(message)})


def refused_records(job: SampleJob) -> Iterator[Refused]:
    """The blocks, for readers of the sample's mesh."""
    yield from _not_canonical(job)
    yield from _not_a_record(job)
    yield from _wrong_shape(job)
    yield from _bad_signature(job)


def _not_canonical(job: SampleJob) -> Iterator[Refused]:
    block = job.anchor.block
    head, rest = block[:1], block[1:]
    fields = decode(block)
    first = next(iter(fields))
    entry = encode(first) + encode(fields[first])
    assert rest.startswith(entry), "the shortest key is the first"
    sequence = encode("sequence")
    at = block.index(sequence) + len(sequence)
    cases = {
        "nothing follows the map": block + b"\0",
        "the block is whole": block[:-1],
        "keys are in order": head + rest[len(entry) :] + entry,
        "no key occurs twice": bytes((head[0] + 1,)) + entry + rest,
        "numbers are in their shortest form": block[:at] + b"\x18\x01" + block[at + 1 :],
        "lengths are definite": b"\xbf" + rest + b"\xff",
        "no numbers are floating": block[:at] + b"\xf9\x3c\x00" + block[at + 1 :],
    }
    for rule, changed in cases.items():
        yield Refused(rule=rule, fault=RecordFault.NOT_CANONICAL, block=changed)


def _not_a_record(job: SampleJob) -> Iterator[Refused]:
    fields = decode(job.anchor.block)
    node = key("node")
    wrong = RecordFault.NOT_A_RECORD
    yield Refused(rule="a record is a map", fault=wrong, block=encode([fields]))
    for name in ("version", "type", "mesh", "signer", "sig"):
        without = {each: value for each, value in fields.items() if each != name}
        yield Refused(rule=f"a record has {name}", fault=wrong, block=encode(without))
    for name, value in (("mesh", str(job.mesh)), ("signer", 1), ("sig", "text")):
        block = encode(fields | {name: value})
        yield Refused(rule=f"{name} has its type", fault=wrong, block=block)
    for version in (1, 3, "2", True):
        yield Refused(
            rule=f"the version is the number 2, not {version!r}",
            fault=RecordFault.WRONG_VERSION,
            block=signed_value(fields | {"version": version}, node),
        )
    for kind in ("Minute", "anchor", ""):
        yield Refused(
            rule=f"the type is in the table, and {kind!r} is not",
            fault=RecordFault.WRONG_TYPE,
            block=signed_value(fields | {"type": kind}, node),
        )
    other = cid_of(b"another mesh", Codec.DAG_CBOR)
    genesis = decode(job.founding.genesis.block)
    for rule, block in (
        ("a record is of the reader's mesh", signed_value(fields | {"mesh": other}, node)),
        ("only a genesis names no mesh", signed_value(fields | {"mesh": None}, node)),
        ("a genesis names no mesh", signed_value(genesis | {"mesh": job.mesh}, key("issuer"))),
    ):
        yield Refused(rule=rule, fault=RecordFault.WRONG_MESH, block=block)


def _wrong_shape(job: SampleJob) -> Iterator[Refused]:
    anchor, hold = decode(job.anchor.block), decode(job.hold.block)
    manifest = decode(job.manifest.block)
    parents: list[Cid] = [job.receipt.cid] * 17
    changed = {
        "no field is unknown": (anchor | {"unknown": 1}, "node"),
        "no field is missing": ({k: v for k, v in anchor.items() if k != "parents"}, "node"),
        "a link is a link": (anchor | {"receipt": str(job.receipt.cid)}, "node"),
        "a number is in its range": (anchor | {"sequence": 0}, "node"),
        "a number is no truth value": (anchor | {"sequence": True}, "node"),
        "a list has at most its items": (anchor | {"parents": parents}, "node"),
        "bytes have their length": (hold | {"draw_commitment": bytes(31)}, "issuer"),
        "a DID has its syntax": (hold | {"executor": "node"}, "issuer"),
        "a text has at most its bytes": (manifest | {"description": "x" * 4097}, "submitter"),
        "a word is in its list": (manifest | {"priority": "urgent"}, "submitter"),
        "times follow each other": (manifest | {"bid_deadline": 0}, "submitter"),
        "a nested record has its fields": (manifest | {"trust": {}}, "submitter"),
    }
    for rule, (value, name) in changed.items():
        block = signed_value(value, key(name))
        yield Refused(rule=rule, fault=RecordFault.WRONG_SHAPE, block=block)


def _bad_signature(job: SampleJob) -> Iterator[Refused]:
    fields, node = decode(job.anchor.block), key("node")
    unsigned = {name: each for name, each in fields.items() if name != "sig"}
    wrong = RecordFault.BAD_SIGNATURE
    sig: bytes = fields["sig"]
    scalar = int.from_bytes(sig[32:], "little") + ORDER_OF_THE_GROUP
    stretched = sig[:32] + scalar.to_bytes(32, "little")
    for rule, found in (
        ("no bit of the signature is another", bytes((sig[0] ^ 1,)) + sig[1:]),
        ("a signature has 64 bytes", sig[:63]),
        ("S of a signature is less than the order of the group", stretched),
        ("the domain is signed", node.sign(b"icn-mesh/2\0Anchor\0" + encode(unsigned))),
        ("the type is signed", node.sign(DOMAIN + b"Seal\0" + encode(unsigned))),
        ("the signer signed it", key("issuer").sign(DOMAIN + b"Anchor\0" + encode(unsigned))),
    ):
        yield Refused(rule=rule, fault=wrong, block=encode(unsigned | {"sig": found}))
    yield Refused(
        rule="no field is another than signed",
        fault=wrong,
        block=encode(fields | {"sequence": 2}),
    )
    for rule, signer in (
        ("the signer is a did:key", "did:icn:bafy"),
        ("the key is of Ed25519", "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"),
        ("the key is whole", key("node").did[:-1]),
    ):
        yield Refused(
            rule=rule,
            fault=RecordFault.BAD_SIGNER,
            block=signed_value(fields | {"signer": signer}, node),
        )
