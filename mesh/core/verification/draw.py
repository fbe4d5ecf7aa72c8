"""The draw: which verifiers execute an attempt again, ranked by a secret that nobody can choose.

Rule: the secret follows from the issuer's seed and the hold, is committed in the Hold and revealed
by the Draw; of each cooperative one verifier is drawn before a second.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from blake3 import blake3
from msgspec import Struct

from mesh.core.findings import Fault, Finding
from mesh.core.membership.members import Members
from mesh.core.records.membership import Role
from mesh.core.records.work import DIGEST_BYTES, DRAWN_MAX
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import RECORD_BYTES_MAX, CodecError, decode, encode
from runtime.content.did import Did
from runtime.content.memo import read_once
from runtime.tokens.transfers import TransferId

SEED_BYTES: Final = 32
_RANK: Final = "icn-mesh/2 rank of a verifier"
_COMMITMENT: Final = "icn-mesh/2 commitment of a draw"


class Interests(Struct, frozen=True, kw_only=True):
    """The parties of an attempt, whose own verifiers are drawn only where the other one agrees.

    executor_verifiers: `Trust.executor_verifiers`; submitter_verifiers: `Bid.submitter_verifiers`.
    """

    executor: Did
    submitter: Did
    executor_verifiers: bool
    submitter_verifiers: bool

    def excludes(self, members: Members, verifier: Did) -> bool:
        works_for = members.cooperative(verifier)
        if verifier in (self.executor, self.submitter):
            return True
        if works_for == members.cooperative(self.executor) and not self.executor_verifiers:
            return True
        return works_for == members.cooperative(self.submitter) and not self.submitter_verifiers


class Lottery(Struct, frozen=True, kw_only=True):
    """What decides the ranks. first: CID of the executor's Receipt, or of its Seal."""

    secret: bytes
    award: Cid
    first: Cid


def secret_of(seed: bytes, hold_id: TransferId) -> bytes:
    """The secret of one hold: keyed BLAKE3(issuer's seed, hold id)."""
    assert len(seed) == SEED_BYTES, "the seed is a key of BLAKE3"
    return blake3(hold_id, key=seed).digest()


def commitment_of(secret: bytes) -> bytes:
    """What a Hold says of the secret."""
    return blake3(secret, derive_key_context=_COMMITMENT).digest()


def is_committed(secret: bytes, commitment: bytes) -> bool:
    """Whether a revealed secret is the one that was committed."""
    return len(secret) == DIGEST_BYTES and commitment_of(secret) == commitment


def eligible(
    members: Members, engines: Mapping[Did, str], interests: Interests, *, engine: str, at: int
) -> tuple[Did, ...]:
    """The verifiers who may be drawn, sorted.

    engines: those present, each with the engine that it last said it has. engine: the context's.
    """
    return tuple(
        sorted(
            each.member
            for each in members.with_role(Role.VERIFIER, at)
            if engines.get(each.member) == engine and not interests.excludes(members, each.member)
        )
    )


def check_eligible(
    listed: Iterable[Did], members: Members, interests: Interests, *, at: int
) -> tuple[Finding, ...]:
    """What speaks against a list of a Hold, as far as its members decide it (presence and engines
    only its issuer knows)."""
    return tuple(
        Finding(fault=Fault.NOT_A_VERIFIERS, subject="eligible list", detail=did)
        for did in listed
        if not members.has_role(did, Role.VERIFIER, at) or interests.excludes(members, did)
    )


def eligible_block(listed: Collection[Did]) -> tuple[Cid, bytes]:
    """The block that `Hold.eligible` names: a sorted list of DIDs."""
    data = encode(sorted(listed))
    return cid_of(data, Codec.DAG_CBOR), data


@read_once
def read_eligible(data: bytes) -> tuple[Did, ...]:
    """Reads what `eligible_block` wrote. Raises CodecError for anything else."""
    value = decode(data, bytes_max=RECORD_BYTES_MAX)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise CodecError("not a list of verifiers")
    if value != sorted(set(value)):
        raise CodecError("not a list of verifiers: not sorted, or not distinct")
    return tuple(map(Did, value))


def rank(lottery: Lottery, verifier: Did) -> bytes:
    """H(secret ‖ award ‖ first ‖ verifier): the least is drawn first."""
    parts = (lottery.secret, lottery.award.raw, lottery.first.raw, verifier.encode())
    body = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return blake3(body, derive_key_context=_RANK).digest()


def order(listed: Iterable[Did], members: Members, lottery: Lottery) -> tuple[Did, ...]:
    """All who may be drawn, in the order of the draw: the first of each cooperative by rank, then
    the second of each, and so on."""
    ranked = sorted((rank(lottery, did), did) for did in set(listed))
    drawn_before: dict[str, int] = {}
    places = []
    for lot, did in ranked:
        cooperative = members.cooperative(did)
        turn = drawn_before.get(cooperative, 0)
        drawn_before[cooperative] = turn + 1
        places.append((turn, lot, did))
    return tuple(did for _, _, did in sorted(places))


def drawn(
    listed: Iterable[Did], members: Members, lottery: Lottery, *, wanted: int, round_number: int
) -> tuple[Did, ...]:
    """The verifiers of a round, in the order of the draw. Round 1 has the first `wanted`; round 2,
    which widens it once, has as many more. Fewer where there are fewer, also none."""
    assert round_number in (1, 2), "a draw is widened once"
    everyone = order(listed, members, lottery)[:DRAWN_MAX]
    return everyone[wanted * (round_number - 1) : wanted * round_number]
