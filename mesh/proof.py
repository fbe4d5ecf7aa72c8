"""One file that proves what happened: all records and data of a job, as a CAR.

Everything needed to check it is inside: the genesis record that names issuers and
federation, the signed records, the context, the module, the input and the output. The root
is the receipt. Reading hashes every block again; verifying says what is wrong, in words.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct, field

from mesh.award import check_terms
from mesh.car import CarError, read_car, write_car
from mesh.federation import check_attestation
from mesh.findings import Fault, Finding, differing
from mesh.job import Job, quorum_of
from mesh.receipts import verify_receipt
from mesh.records import (
    Anchor,
    Attestation,
    Award,
    Bid,
    Genesis,
    Hold,
    HoldEnd,
    JobManifest,
    Receipt,
    Settlement,
    Verdict,
    read,
    read_as,
)
from mesh.unixfs import PieceMissing, UnixFsError, read_file
from runtime.content.cid import Cid, Codec
from runtime.content.codec import CodecError
from runtime.context import Context
from runtime.execution import Deterministic
from runtime.identity.signed import RecordError, Signed
from runtime.state import MissingBlock, surrounding_blocks

T = TypeVar("T")

Reexecute = Callable[[bytes, Context, bytes | None, Mapping[Cid, bytes]], Deterministic]
"""Execute a module (its bytes) in a context with an input and the blocks of the state that the
context names, and give the result."""

Fetch = Callable[[Cid], bytes | None]


class Proof(Struct, frozen=True, kw_only=True):
    """The records of one job. data: module, input, output, effects, logs and the blocks of the
    state that the context names, as far as held.

    anchor and settlement are None where the job has not got so far.
    """

    genesis: Signed[Genesis]
    manifest: Signed[JobManifest]
    bid: Signed[Bid]
    hold: Signed[Hold]
    award: Signed[Award]
    context: Context
    receipt: Signed[Receipt]
    anchor: Signed[Anchor] | None
    attestations: tuple[Signed[Attestation], ...]
    settlement: Signed[Settlement] | None
    data: Mapping[Cid, bytes] = field(default_factory=dict)

    @property
    def blocks(self) -> tuple[tuple[Cid, bytes], ...]:
        """Every block of the proof, records first."""
        signed: list[Signed[Any]] = []
        for name in self.__struct_fields__:
            value = getattr(self, name)
            found = value if isinstance(value, tuple) else (value,)
            signed.extend(item for item in found if isinstance(item, Signed))
        context = (self.context.cid, self.context.to_block())
        return (*((each.cid, each.block) for each in signed), context, *self.data.items())


class ProofError(ValueError):
    """A proof that cannot even be put together. `findings` says what is missing or unreadable."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(str(each) for each in findings))
        self.findings = findings


def collect(job: Job, mesh: Cid, fetch: Fetch) -> Proof:
    """Put a job's proof together from a store. Raises ProofError naming what is missing."""
    if job.receipt is None:
        raise ProofError((Finding(fault=Fault.MISSING, subject="receipt", detail="none yet"),))
    receipt = _fetch_record(Receipt, job.receipt, mesh, fetch)
    award = _fetch_record(Award, receipt.body.award, mesh, fetch)
    manifest = _fetch_record(JobManifest, receipt.body.job, mesh, fetch)
    result = receipt.body.deterministic
    context = _context(award.body.context, _needed("context", award.body.context, fetch))
    data: dict[Cid, bytes] = {}
    with suppress(MissingBlock, CodecError):
        # What is missing is for `verify_proof` to say.
        surrounding_blocks(context, partial(_kept, fetch, data))
    for cid in (
        manifest.body.module,
        manifest.body.input,
        result.output,
        result.effects,
        result.logs,
    ):
        if cid is not None:
            data.update(_with_pieces(cid, fetch))
    return Proof(
        genesis=_fetch_record(Genesis, mesh, None, fetch),
        manifest=manifest,
        bid=_fetch_record(Bid, award.body.bid, mesh, fetch),
        hold=_fetch_record(Hold, award.body.hold, mesh, fetch),
        award=award,
        context=context,
        receipt=receipt,
        anchor=None if job.anchor is None else _fetch_record(Anchor, job.anchor, mesh, fetch),
        attestations=tuple(
            _fetch_record(Attestation, vote.attestation, mesh, fetch) for vote in job.votes
        ),
        settlement=(
            None
            if job.settlement is None
            else _fetch_record(Settlement, job.settlement, mesh, fetch)
        ),
        data=data,
    )


def to_car(proof: Proof) -> bytes:
    """The file. The same proof gives the same bytes."""
    return write_car((proof.receipt.cid,), proof.blocks)


def from_car(data: bytes) -> Proof:
    """Read the file. Raises ProofError; what it claims is for `verify_proof` to check."""
    try:
        car = read_car(data)
    except CarError as error:
        raise ProofError((_unreadable("file", str(error)),)) from None
    held = dict(car.blocks)
    if len(car.roots) != 1:
        raise ProofError((_unreadable("file", f"{len(car.roots)} roots, expected the receipt"),))
    receipt = _fetch_record(Receipt, car.roots[0], None, held.get)
    mesh = receipt.mesh
    records = tuple(each for each in _records(car.blocks) if each.mesh == mesh)
    award = _fetch_record(Award, receipt.body.award, mesh, held.get)
    manifest = _fetch_record(JobManifest, receipt.body.job, mesh, held.get)
    known = {each.cid for each in records} | {award.body.context, mesh}
    return Proof(
        genesis=_fetch_record(Genesis, mesh, None, held.get),
        manifest=manifest,
        bid=_fetch_record(Bid, award.body.bid, mesh, held.get),
        hold=_fetch_record(Hold, award.body.hold, mesh, held.get),
        award=award,
        context=_context(award.body.context, _needed("context", award.body.context, held.get)),
        receipt=receipt,
        anchor=_last(records, Anchor),
        attestations=tuple(each for each in records if isinstance(each.body, Attestation)),
        settlement=_last(records, Settlement),
        data={cid: block for cid, block in car.blocks if cid not in known},
    )


def verify_proof(
    proof: Proof, *, mesh: Cid | None, reexecute: Reexecute | None, now: int
) -> tuple[Finding, ...]:
    """What speaks against the proof; empty: a quorum verified this result and it was paid.

    mesh: the mesh one trusts, None to accept whichever the file names (then its issuers and
    federation are only its own word). reexecute: None to leave the result to the verifiers.
    """
    genesis, manifest, receipt = proof.genesis.body, proof.manifest, proof.receipt
    findings = list(
        differing("genesis", (Fault.OTHER_MESH, proof.genesis.cid, mesh or proof.genesis.cid))
    )
    findings += check_terms(
        proof.award,
        manifest=manifest,
        bid=proof.bid,
        hold=proof.hold,
        context=proof.context,
        issuers=genesis.issuers,
    )
    findings += verify_receipt(
        receipt,
        manifest=manifest,
        bid=proof.bid,
        award=proof.award,
        context=proof.context,
        now=now,
    )
    findings += _check_anchor(proof)
    findings += _check_votes(proof)
    findings += _check_settlement(proof)
    if reexecute is not None:
        findings += _check_result(proof, reexecute)
    return tuple(dict.fromkeys(findings))


def _check_anchor(proof: Proof) -> tuple[Finding, ...]:
    if proof.anchor is None:
        return (Finding(fault=Fault.MISSING, subject="anchor"),)
    return differing(
        "anchor",
        (Fault.OTHER_RECEIPT, proof.anchor.body.receipt, proof.receipt.cid),
        (Fault.NOT_THE_EXECUTORS, proof.anchor.signer, proof.bid.signer),
    )


def _check_votes(proof: Proof) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    voices: dict[str, Verdict] = {}
    for each in proof.attestations:
        against = check_attestation(
            each, receipt=proof.receipt, drawn=proof.genesis.body.federation
        )
        findings += against
        if not against:
            voices[each.signer] = each.body.verdict
    needed = quorum_of(proof.manifest.body.trust.quorum, len(voices))
    confirmed = sum(verdict is Verdict.CONFIRMED for verdict in voices.values())
    if confirmed < needed:
        detail = f"{confirmed} confirm, {needed} are needed"
        findings.append(Finding(fault=Fault.NO_QUORUM, subject="attestations", detail=detail))
    return tuple(findings)


def _check_settlement(proof: Proof) -> tuple[Finding, ...]:
    if proof.settlement is None:
        return (Finding(fault=Fault.MISSING, subject="settlement"),)
    body = proof.settlement.body
    findings = differing(
        "settlement",
        (Fault.OTHER_JOB, body.job, proof.manifest.cid),
        (Fault.OTHER_HOLD, body.hold, proof.award.body.hold),
        (Fault.OTHER_RECEIPT, body.receipt, proof.receipt.cid),
        (Fault.NOT_AN_ISSUERS, proof.settlement.signer, proof.hold.signer),
    )
    here = {each.cid for each in proof.attestations}
    findings += tuple(
        Finding(fault=Fault.MISSING, subject="attestations", detail=str(cid))
        for cid in body.attestations
        if cid not in here
    )
    if body.end is not HoldEnd.POSTED:
        detail = f"the hold was {body.end.value}: {body.reason}"
        findings += (Finding(fault=Fault.NO_QUORUM, subject="settlement", detail=detail),)
    return findings


def _with_pieces(cid: Cid, fetch: Fetch) -> dict[Cid, bytes]:
    """The block, and those of the dag-pb file it is the root of, as far as they are held."""
    found: dict[Cid, bytes] = {}
    if cid.codec is not Codec.DAG_PB:
        _kept(fetch, found, cid)
        return found
    with suppress(PieceMissing, UnixFsError):
        # What is missing is for `verify_proof` to say.
        read_file(cid, partial(_kept, fetch, found))
    return found


def _kept(fetch: Fetch, found: dict[Cid, bytes], cid: Cid) -> bytes | None:
    """The block, put among those found."""
    block = fetch(cid)
    if block is not None:
        found[cid] = block
    return block


def module_bytes(cid: Cid, fetch: Fetch) -> bytes:
    """A module that is here, whole: one block, or a dag-pb file of several.

    Raises PieceMissing or UnixFsError.
    """
    if cid.codec is Codec.DAG_PB:
        return read_file(cid, fetch)
    block = fetch(cid)
    if block is None:
        raise PieceMissing(cid)
    return block


def _check_result(proof: Proof, reexecute: Reexecute) -> tuple[Finding, ...]:
    body = proof.manifest.body
    missing = [
        Finding(fault=Fault.MISSING, subject=name, detail=str(cid))
        for name, cid in (("module", body.module), ("input", body.input))
        if cid is not None and cid not in proof.data
    ]
    if missing:
        return tuple(missing)
    given = None if body.input is None else proof.data[body.input]
    try:
        module = module_bytes(body.module, proof.data.get)
    except PieceMissing as piece:
        return (Finding(fault=Fault.MISSING, subject="module", detail=str(piece.cid)),)
    except UnixFsError as error:
        return (_unreadable("module", str(error)),)
    try:
        blocks = surrounding_blocks(proof.context, proof.data.get)
    except MissingBlock as lost:
        return (Finding(fault=Fault.MISSING, subject=lost.what, detail=str(lost.cid)),)
    except CodecError as error:
        return (_unreadable("state", str(error)),)
    own = reexecute(module, proof.context, given, blocks)
    claimed = proof.receipt.body.deterministic
    if own == claimed:
        return ()
    names = own.__struct_fields__
    wrong = [name for name in names if getattr(own, name) != getattr(claimed, name)]
    detail = f"different: {', '.join(wrong)}"
    return (Finding(fault=Fault.RESULT_DIFFERS, subject="receipt", detail=detail),)


def _records(blocks: Iterable[tuple[Cid, bytes]]) -> Iterable[Signed[Any]]:
    for cid, block in blocks:
        if cid.codec is not Codec.DAG_CBOR:
            continue
        try:
            yield read(block, None)
        except RecordError:
            # Contexts, outputs and logs are dag-cbor too. A record that is needed and
            # unreadable is reported where it is looked for by its CID.
            continue


def _last(records: tuple[Signed[Any], ...], kind: type[T]) -> Signed[T] | None:
    found = [each for each in records if isinstance(each.body, kind)]
    return found[-1] if found else None


def _needed(subject: str, cid: Cid | None, fetch: Fetch) -> bytes:
    block = None if cid is None else fetch(cid)
    if block is None:
        raise ProofError((Finding(fault=Fault.MISSING, subject=subject, detail=str(cid)),))
    return block


def _fetch_record(kind: type[T], cid: Cid | None, mesh: Cid | None, fetch: Fetch) -> Signed[T]:
    subject = kind.__name__.lower()
    block = _needed(subject, cid, fetch)
    try:
        signed = read_as(kind, block, mesh)
    except RecordError as error:
        raise ProofError((_unreadable(subject, str(error)),)) from None
    if signed.cid != cid:
        raise ProofError((_unreadable(subject, f"the block is {signed.cid}, not {cid}"),))
    return signed


def _context(cid: Cid, block: bytes) -> Context:
    try:
        context = Context.from_block(block)
    except CodecError as error:
        raise ProofError((_unreadable("context", str(error)),)) from None
    if context.cid != cid:
        raise ProofError((_unreadable("context", f"the block is {context.cid}, not {cid}"),))
    return context


def _unreadable(subject: str, detail: str) -> Finding:
    return Finding(fault=Fault.UNREADABLE, subject=subject, detail=detail)
