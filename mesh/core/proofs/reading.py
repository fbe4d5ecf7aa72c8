"""Putting a proof together: from an actor's store, or from a file that somebody sent.

Rule: what a settlement names belongs to the proof; without a settlement, what the right signers
signed about the hold. Whatever else a file holds is listed, and contradictions are kept.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from mesh.core.car.files import Car
from mesh.core.findings import Fault, Finding
from mesh.core.jobs.job import Job
from mesh.core.membership.equivocation import contradict
from mesh.core.proofs.contents import (
    REPEATED,
    UNREACHED,
    Fetch,
    Held,
    Ignored,
    ProofError,
)
from mesh.core.proofs.membership import Change, ChangeNames
from mesh.core.proofs.proof import Origin, Proof, unreadable
from mesh.core.records.jobs import Award, Cancel, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.membership import Endorsement, Genesis, Membership
from mesh.core.records.registry import read, read_as
from mesh.core.records.settlement import Ground, Policy, Settlement
from mesh.core.records.terms import CHILDREN_DEPTH_MAX
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Opening, Receipt, Seal
from runtime.content.cid import Cid, Codec
from runtime.content.codec import RECORD_BYTES_MAX, CodecError
from runtime.execution.context import Context
from runtime.identity.signed import RecordError, Signed

T = TypeVar("T")

_SUBJECTS: Final[Mapping[type[Any], str]] = {Membership: "members", JobManifest: "manifest"}


class ReadRecord(Protocol):
    """Reads and verifies a record of one kind of a mesh. Raises RecordError."""

    def __call__(self, kind: type[T], data: bytes, /) -> Signed[T]: ...


class Names(Struct, frozen=True, kw_only=True):
    """The records about a hold, by CID."""

    receipt: Cid | None
    anchor: Cid | None
    draws: tuple[Cid, ...]
    opening: Cid | None
    seals: tuple[Cid, ...]
    attestations: tuple[Cid, ...]
    cancel: Cid | None
    settlement: Cid | None


class OriginNames(Struct, frozen=True, kw_only=True):
    """The hold of the parent's verified attempt and its settlement, by CID."""

    hold: Cid
    settlement: Cid


def collect(
    job: Job,
    fetch: Fetch,
    *,
    mesh: Cid,
    changes: tuple[ChangeNames, ...],
    policies: tuple[Cid, ...],
    origin: OriginNames | None = None,
) -> Proof:
    """The proof of a job's latest hold from its submitter's store.

    changes: all that the actor's rows name, in order. policies: the issuer's, in force at the hold.
    origin: of a job that another one has submitted.
    Raises ProofError naming what is missing.
    """
    if job.hold is None:
        raise ProofError((Finding(fault=Fault.MISSING, subject="hold", detail="none yet"),))
    hold = fetch_record(Hold, job.hold, mesh, fetch)
    names = Names(
        receipt=job.receipt,
        anchor=job.anchor,
        draws=job.draws,
        opening=None,
        seals=(),
        attestations=tuple(vote.attestation for vote in job.votes),
        cancel=None,
        settlement=None,
    )
    if job.settlement is not None:
        settlement = fetch_record(Settlement, job.settlement, mesh, fetch)
        opening = settlement.body.opening
        listed = () if opening is None else fetch_record(Opening, opening, mesh, fetch).body.seals
        names = _named_by(settlement, listed)
    wanted = fetch_record(Membership, hold.body.members, mesh, fetch).body.sequence
    return _assemble(hold, names, changes[:wanted], policies, fetch, origin)


def from_car(car: Car) -> Proof:
    """Read a file. Raises ProofError; what it claims is for `verify_proof` to check."""
    hold = fetch_record(Hold, car.roots[0], None, car.get)
    records = tuple(records_of(car, hold.mesh))
    names = _names_in(hold, records)
    policies = tuple(
        sorted(
            each.cid
            for each in _of(Policy, records)
            if each.signer == hold.signer and each.body.effective_at <= hold.body.issued_at
        )
    )
    origin = _origin_in(hold, records)
    proof = _assemble(hold, names, _changes_in(hold, records), policies, car.get, origin)
    own = {each.cid for each in proof.records}
    rivals = tuple(
        each
        for each in records
        if each.cid not in own and any(contradict(each, mine) for mine in proof.records)
    )
    return _without_rest(car, replace(proof, rivals=rivals))


def _assemble(
    hold: Signed[Hold],
    names: Names,
    changes: tuple[ChangeNames, ...],
    policies: tuple[Cid, ...],
    fetch: Fetch,
    origin: OriginNames | None,
) -> Proof:
    mesh = hold.mesh
    assert mesh is not None, "only a genesis is of no mesh"

    def one(kind: type[T], cid: Cid | None) -> Signed[T] | None:
        return None if cid is None else fetch_record(kind, cid, mesh, fetch)

    def many(kind: type[T], cids: Iterable[Cid]) -> tuple[Signed[T], ...]:
        return tuple(fetch_record(kind, cid, mesh, fetch) for cid in cids)

    award = fetch_record(Award, hold.body.award, mesh, fetch)
    manifest = fetch_record(JobManifest, hold.body.job, mesh, fetch)
    bare = Proof(
        genesis=fetch_record(Genesis, mesh, None, fetch),
        changes=tuple(
            Change(
                change=fetch_record(Membership, each.change, mesh, fetch),
                endorsements=many(Endorsement, sorted(each.endorsements)),
            )
            for each in changes
        ),
        manifest=manifest,
        bid=fetch_record(Bid, hold.body.bid, mesh, fetch),
        award=award,
        context=fetch_context(award.body.context, fetch),
        hold=hold,
        receipt=one(Receipt, names.receipt),
        anchor=one(Anchor, names.anchor),
        draws=many(Draw, names.draws),
        opening=one(Opening, names.opening),
        seals=many(Seal, names.seals),
        attestations=many(Attestation, names.attestations),
        cancel=one(Cancel, names.cancel),
        settlement=one(Settlement, names.settlement),
        policies=many(Policy, sorted(policies)),
        origin=None if origin is None else _origin_of(manifest, origin, mesh, fetch),
    )
    taken = {each.cid for each in bare.records} | {bare.context.cid}
    held = tuple(cid for cid in bare.contents(fetch).held if cid not in taken)
    return replace(bare, data=Held(held, fetch))


def _origin_of(
    manifest: Signed[JobManifest], names: OriginNames, mesh: Cid, fetch: Fetch
) -> Origin:
    """The records of a job's origin. Raises ProofError."""
    parents: list[Signed[JobManifest]] = []
    job = manifest
    while (parent := job.body.parent) is not None and len(parents) < CHILDREN_DEPTH_MAX:
        job = fetch_record(JobManifest, parent.cause, mesh, fetch)
        parents.append(job)
    settlement = fetch_record(Settlement, names.settlement, mesh, fetch)
    if settlement.body.receipt is None:
        raise ProofError((Finding(fault=Fault.MISSING, subject="receipt", detail="of a parent"),))
    return Origin(
        parents=tuple(parents),
        hold=fetch_record(Hold, names.hold, mesh, fetch),
        settlement=settlement,
        receipt=fetch_record(Receipt, settlement.body.receipt, mesh, fetch),
    )


def _origin_in(hold: Signed[Hold], records: tuple[Signed[Any], ...]) -> OriginNames | None:
    """The settlement of the parent's verified attempt in a file, None where there is none."""
    manifest = next((e for e in _of(JobManifest, records) if e.cid == hold.body.job), None)
    if manifest is None or manifest.body.parent is None:
        return None
    of_parent = {e.cid for e in _of(Hold, records) if e.body.job == manifest.body.parent.cause}
    for each in _of(Settlement, records):
        if each.body.hold in of_parent and each.body.ground is Ground.VERIFIED:
            return OriginNames(hold=each.body.hold, settlement=each.cid)
    return None


def _named_by(settlement: Signed[Settlement], seals: tuple[Cid, ...]) -> Names:
    body = settlement.body
    return Names(
        receipt=body.receipt,
        anchor=body.anchor,
        draws=body.draws,
        opening=body.opening,
        seals=seals,
        attestations=body.attestations,
        cancel=body.cancel,
        settlement=settlement.cid,
    )


def _names_in(hold: Signed[Hold], records: tuple[Signed[Any], ...]) -> Names:
    """The records of a file about a hold, of those that are in it."""
    about = tuple(each for each in records if getattr(each.body, "hold", None) == hold.cid)
    by_issuer = tuple(each for each in about if each.signer == hold.signer)
    settlement = _first(Settlement, by_issuer) or _first(Settlement, about)
    here = {each.cid for each in records}
    if settlement is not None:
        opening = next((each for each in records if each.cid == settlement.body.opening), None)
        is_opening = opening is not None and isinstance(opening.body, Opening)
        listed = opening.body.seals if opening is not None and is_opening else ()
        return _only(_named_by(settlement, listed), here)
    executor = hold.body.executor
    draws = sorted(_of(Draw, by_issuer), key=lambda each: (each.body.round, each.cid))
    drawn = {did for each in draws for did in each.body.verifiers}
    receipt = _first(Receipt, (each for each in about if each.signer == executor))
    of_receipt = (
        each
        for each in _of(Anchor, records)
        if receipt is not None and each.body.receipt == receipt.cid and each.signer == executor
    )
    openings = sorted(_of(Opening, by_issuer), key=lambda each: len(each.body.draws))
    voices = (each for each in _of(Attestation, about) if each.signer in drawn)
    seals = (each for each in _of(Seal, about) if each.signer in drawn | {executor})
    return Names(
        receipt=_cid(receipt),
        anchor=_cid(next(of_receipt, None)),
        draws=_one_each(draws, lambda each: each.body.round),
        opening=_cid(openings[-1] if openings else None),
        seals=_one_each(seals, lambda each: each.signer),
        attestations=_one_each(voices, lambda each: each.signer),
        cancel=None,
        settlement=None,
    )


def _only(names: Names, here: set[Cid]) -> Names:
    """The names of what is here; verification finds what a settlement names and is not."""

    def kept(cid: Cid | None) -> Cid | None:
        return cid if cid in here else None

    def all_kept(cids: tuple[Cid, ...]) -> tuple[Cid, ...]:
        return tuple(cid for cid in cids if cid in here)

    return Names(
        receipt=kept(names.receipt),
        anchor=kept(names.anchor),
        draws=all_kept(names.draws),
        opening=kept(names.opening),
        seals=all_kept(names.seals),
        attestations=all_kept(names.attestations),
        cancel=kept(names.cancel),
        settlement=names.settlement,
    )


def _changes_in(hold: Signed[Hold], records: tuple[Signed[Any], ...]) -> tuple[ChangeNames, ...]:
    """The changes from that of the hold back to the first, as far as they are in the file."""
    lists = {each.cid: each for each in _of(Membership, records)}
    changes: list[ChangeNames] = []
    following: Cid | None = hold.body.members
    while following is not None:
        change = lists.get(following)
        if change is None:
            detail = str(following)
            raise ProofError((Finding(fault=Fault.MISSING, subject="members", detail=detail),))
        assenting = (e.cid for e in _of(Endorsement, records) if e.body.change == following)
        changes.append(ChangeNames(change=following, endorsements=tuple(assenting)))
        following = change.body.previous
    return tuple(reversed(changes))


def _without_rest(car: Car, proof: Proof) -> Proof:
    """The proof with a list of what else is in its file."""
    part_of_it = {each.cid for each in proof.records} | {proof.context.cid} | set(proof.data)
    rest = [Ignored(cid=cid, reason=UNREACHED) for cid in car.sections if cid not in part_of_it]
    rest += [Ignored(cid=cid, reason=REPEATED) for cid in car.repeated]
    return replace(proof, ignored=tuple(rest))


def records_of(car: Car, mesh: Cid | None) -> Iterator[Signed[Any]]:
    """Every record of the mesh in a file."""
    for cid, section in car.sections.items():
        if cid.codec is not Codec.DAG_CBOR or section.size > RECORD_BYTES_MAX:
            continue
        try:
            record = read(car.get(cid) or b"", mesh)
        except RecordError:
            # Contexts, results and logs are dag-cbor too, and what is of another mesh counts for
            # nothing. A record that is needed and unreadable is reported where it is looked for.
            continue
        if record.cid == cid:
            yield record


def fetch_record(kind: type[T], cid: Cid, mesh: Cid | None, fetch: Fetch) -> Signed[T]:
    """A record by its CID. Raises ProofError."""
    return fetch_record_by(partial(read_as, mesh=mesh), kind, cid, fetch)


def fetch_record_by(read_one: ReadRecord, kind: type[T], cid: Cid, fetch: Fetch) -> Signed[T]:
    """As `fetch_record`, verified by a reader that may have done so before."""
    subject = subject_of(kind)
    try:
        signed = read_one(kind, _needed(subject, cid, fetch))
    except RecordError as error:
        raise ProofError((unreadable(subject, str(error)),)) from None
    if signed.cid != cid:
        raise ProofError((unreadable(subject, f"the block is {signed.cid}, not {cid}"),))
    return signed


def subject_of(kind: type[Any]) -> str:
    """What findings call a record of a kind."""
    return _SUBJECTS.get(kind, kind.__name__.lower())


def fetch_context(cid: Cid, fetch: Fetch) -> Context:
    """A context by its CID. Raises ProofError."""
    try:
        context = Context.from_block(_needed("context", cid, fetch))
    except CodecError as error:
        raise ProofError((unreadable("context", str(error)),)) from None
    if context.cid != cid:
        raise ProofError((unreadable("context", f"the block is {context.cid}, not {cid}"),))
    return context


def _needed(subject: str, cid: Cid, fetch: Fetch) -> bytes:
    block = fetch(cid)
    if block is None:
        raise ProofError((Finding(fault=Fault.MISSING, subject=subject, detail=str(cid)),))
    return block


def _of(kind: type[T], records: Iterable[Signed[Any]]) -> Iterator[Signed[T]]:
    return (each for each in records if isinstance(each.body, kind))


def _first(kind: type[T], records: Iterable[Signed[Any]]) -> Signed[T] | None:
    return next(_of(kind, records), None)


def _cid(record: Signed[Any] | None) -> Cid | None:
    return None if record is None else record.cid


def _one_each(
    records: Iterable[Signed[Any]], slot: Callable[[Signed[Any]], object]
) -> tuple[Cid, ...]:
    """The first record of each slot, in the order given: others are rivals."""
    first: dict[object, Cid] = {}
    for each in records:
        first.setdefault(slot(each), each.cid)
    return tuple(first.values())
