"""One file that proves what happened: all records and data of a job, as a CAR.

Everything needed to check it is inside: the genesis record that names issuers and
federation, the signed records, the context, and the blocks that `mesh.proofblocks` lists. The
root is the receipt. Reading hashes every block again; `mesh.proofcheck` says what is wrong.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from mesh.core.car.files import Car, CarError, car_parts, open_car
from mesh.core.findings import Fault, Finding
from mesh.job import Job
from mesh.proofblocks import Contents, Fetch, Missing, contents_of
from mesh.records import (
    Anchor,
    Attestation,
    Award,
    Bid,
    Genesis,
    Hold,
    JobManifest,
    Receipt,
    Settlement,
    read,
    read_as,
)
from runtime.content.cid import Cid, Codec
from runtime.content.codec import RECORD_BYTES_MAX, CodecError
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.identity.signed import RecordError, Signed

T = TypeVar("T")

UNREACHED: Final = "the root does not reach it"
REPEATED: Final = "it is in the file again"


class Held(Mapping[Cid, bytes]):
    """Blocks by name, each fetched when it is asked for."""

    def __init__(self, names: tuple[Cid, ...], fetch: Fetch) -> None:
        self._names = dict.fromkeys(names)
        self._fetch = fetch

    def __getitem__(self, cid: Cid) -> bytes:
        block = self._fetch(cid) if cid in self._names else None
        if block is None:
            raise KeyError(cid)
        return block

    def __iter__(self) -> Iterator[Cid]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Ignored(Struct, frozen=True, kw_only=True):
    """A block of a file that is no part of the proof in it."""

    cid: Cid
    reason: str


class Proof(Struct, frozen=True, kw_only=True):
    """The records of one job. data: the blocks that they speak of, as far as held.

    anchor and settlement are None where the job has not got so far. rivals: other records of
    their signers for the same place, in a file that holds two. ignored: the rest of the file.
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
    rivals: tuple[Signed[Any], ...] = ()
    ignored: tuple[Ignored, ...] = ()

    @property
    def records(self) -> tuple[Signed[Any], ...]:
        """Every signed record, in the order of the fields."""
        signed: list[Signed[Any]] = []
        for name in self.__struct_fields__:
            value = getattr(self, name)
            found = value if isinstance(value, tuple) else (value,)
            signed.extend(item for item in found if isinstance(item, Signed))
        return tuple(signed)

    @property
    def blocks(self) -> Iterator[tuple[Cid, bytes]]:
        """Every block of the proof, records first."""
        yield from ((each.cid, each.block) for each in self.records)
        yield self.context.cid, self.context.to_block()
        yield from self.data.items()

    @property
    def missing(self) -> tuple[Missing, ...]:
        """The blocks that it speaks of and does not hold."""
        return self.contents(self.data.get).missing

    def contents(self, fetch: Fetch) -> Contents:
        """The blocks that it speaks of, of those that `fetch` gives."""
        settlement = None if self.settlement is None else self.settlement.body
        result = self.receipt.body.deterministic
        return contents_of(self.manifest.body, self.context, result, settlement, fetch)


class ProofError(ValueError):
    """A proof that cannot even be put together. `findings` says what is missing or unreadable."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(str(each) for each in findings))
        self.findings = findings


def collect(job: Job, mesh: Cid, fetch: Fetch) -> Proof:
    """Put a job's proof together from a store. Raises ProofError naming what is missing."""
    if job.receipt is None:
        raise ProofError((Finding(fault=Fault.MISSING, subject="receipt", detail="none yet"),))
    votes = [_fetch_record(Attestation, vote.attestation, mesh, fetch) for vote in job.votes]
    return _with_data(
        fetch,
        **_terms(_fetch_record(Receipt, job.receipt, mesh, fetch), fetch),
        anchor=None if job.anchor is None else _fetch_record(Anchor, job.anchor, mesh, fetch),
        attestations=tuple(votes),
        settlement=(
            None
            if job.settlement is None
            else _fetch_record(Settlement, job.settlement, mesh, fetch)
        ),
    )


def write_parts(proof: Proof) -> Iterator[bytes]:
    """The file, part by part. The same proof gives the same bytes."""
    return car_parts((proof.receipt.cid,), proof.blocks)


def to_car(proof: Proof) -> bytes:
    """As `write_parts`, in memory."""
    return b"".join(write_parts(proof))


def from_car(car: Car) -> Proof:
    """Read a file. Raises ProofError; what it claims is for `verify_proof` to check.

    An attestation belongs to it that the settlement names, or a federation node signed.
    """
    if len(car.roots) != 1:
        raise ProofError((_unreadable("file", f"{len(car.roots)} roots, expected the receipt"),))
    terms = _terms(_fetch_record(Receipt, car.roots[0], None, car.get), car.get)
    receipt, genesis, hold = terms["receipt"], terms["genesis"], terms["hold"]
    records = tuple(_records(car, receipt.mesh))
    anchors = _signed_first(
        (each for each in _of(Anchor, records) if each.body.receipt == receipt.cid),
        receipt.signer,
    )
    settlements = _signed_first(
        (each for each in _of(Settlement, records) if each.body.hold == hold.cid), hold.signer
    )
    settlement = settlements[0] if settlements else None
    named = () if settlement is None else settlement.body.attestations
    attestations = (
        each
        for each in _of(Attestation, records)
        if each.cid in named
        or (each.body.receipt == receipt.cid and each.signer in genesis.body.federation)
    )
    place = {cid: number for number, cid in enumerate(named)}
    return _without_rest(
        car,
        _with_data(
            car.get,
            **terms,
            anchor=anchors[0] if anchors else None,
            attestations=tuple(
                sorted(attestations, key=lambda each: (place.get(each.cid, len(place)), each.cid))
            ),
            settlement=settlement,
            rivals=(*anchors[1:], *settlements[1:]),
        ),
    )


def read_proof(data: BinaryIO) -> Proof:
    """As `from_car`, of a file that must stay open. Raises ProofError."""
    try:
        return from_car(open_car(data))
    except CarError as error:
        raise ProofError((_unreadable("file", str(error)),)) from None


def _terms(receipt: Signed[Receipt], fetch: Fetch) -> dict[str, Any]:
    """The records that the receipt leads to."""
    mesh = receipt.mesh
    award = _fetch_record(Award, receipt.body.award, mesh, fetch)
    context = award.body.context
    return {
        "genesis": _fetch_record(Genesis, mesh, None, fetch),
        "manifest": _fetch_record(JobManifest, receipt.body.job, mesh, fetch),
        "bid": _fetch_record(Bid, award.body.bid, mesh, fetch),
        "hold": _fetch_record(Hold, award.body.hold, mesh, fetch),
        "award": award,
        "context": _context(context, _needed("context", context, fetch)),
        "receipt": receipt,
    }


def _with_data(fetch: Fetch, **records: Any) -> Proof:
    """The proof of these records with all that they speak of and `fetch` gives."""
    bare = Proof(**records)
    taken = {each.cid for each in bare.records} | {bare.context.cid}
    held = bare.contents(fetch).held
    names = tuple(cid for cid in held if cid not in taken)
    return replace(bare, data=Held(names, fetch))


def _without_rest(car: Car, proof: Proof) -> Proof:
    """The proof with a list of what else is in its file."""
    part_of_it = {each.cid for each in proof.records} | {proof.context.cid} | set(proof.data)
    rest = [Ignored(cid=cid, reason=UNREACHED) for cid in car.sections if cid not in part_of_it]
    rest += [Ignored(cid=cid, reason=REPEATED) for cid in car.repeated]
    return replace(proof, ignored=tuple(rest))


def _records(car: Car, mesh: Cid | None) -> Iterator[Signed[Any]]:
    """Every record of the mesh in the file."""
    for cid, section in car.sections.items():
        if cid.codec is not Codec.DAG_CBOR or section.size > RECORD_BYTES_MAX:
            continue
        block = car.get(cid)
        try:
            record = read(block or b"", mesh)
        except RecordError:
            # Contexts, outputs and logs are dag-cbor too, and what is of another mesh counts for
            # nothing. A record that is needed and unreadable is reported where it is looked for.
            continue
        if record.cid == cid:
            yield record


def _of(kind: type[T], records: tuple[Signed[Any], ...]) -> Iterator[Signed[T]]:
    return (each for each in records if isinstance(each.body, kind))


def _signed_first(found: Iterable[Signed[T]], signer: Did) -> tuple[Signed[T], ...]:
    """Those that `signer` signed; if there are none, the first that somebody else did."""
    records = tuple(found)
    return tuple(each for each in records if each.signer == signer) or records[:1]


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
