"""Proofs of the sample job, and every way to change one field of a record."""

from collections.abc import Iterator, Mapping
from enum import Enum
from io import BytesIO
from typing import Any, Final

import pytest
from msgspec import Struct
from msgspec.structs import replace
from sample_job import KEYS, START, SampleJob, sample_job
from sums_engine import sums

from mesh.core.car.files import write_car
from mesh.core.fields import JobId
from mesh.core.findings import Fault
from mesh.core.jobs.job import Job, Phase, Result, Vote
from mesh.core.proofs.check import verify_proof
from mesh.core.proofs.execution import Verification
from mesh.core.proofs.files import read_file
from mesh.core.proofs.membership import ChangeNames
from mesh.core.proofs.proof import Proof
from mesh.core.proofs.reading import collect
from mesh.core.records.registry import read, sign
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.shapes import ShapeError
from runtime.identity.keys import SigningKey
from runtime.identity.signed import RecordError, Signed

NOW: Final = START + 100
OTHER: Final = cid_of(b"other", Codec.DAG_CBOR)
STRANGER: Final = SigningKey(bytes([9] * 32))
ORDER: Final = "order"
"""The last step of a place where only the order of a list is changed."""
Path = tuple[str | int, ...]


def collected(job: SampleJob) -> Proof:
    """The proof from a store that has all blocks of the sample."""
    blocks = job.blocks
    changes = ChangeNames(
        change=job.founding.change.cid,
        endorsements=tuple(each.cid for each in job.founding.endorsements),
    )
    proof = collect(
        job_row(job), blocks.get, mesh=job.mesh, changes=(changes,), policies=(job.policy.cid,)
    )
    return replace(proof, data=dict(proof.data))


def job_row(job: SampleJob) -> Job:
    """The sample as its submitter has it."""
    manifest = job.manifest.body
    return Job(
        job_id=JobId(manifest.job_id),
        manifest=job.manifest.cid,
        submitter=job.manifest.signer,
        phase=Phase.VERIFIED,
        revision=9,
        created_at=manifest.created_at,
        changed_at=NOW,
        bid_deadline=manifest.bid_deadline,
        expires_at=manifest.expires_at,
        quorum=manifest.trust.quorum,
        verifiers=manifest.trust.verifiers,
        priority=manifest.priority,
        hold=job.hold.cid,
        receipt=job.receipt.cid,
        anchor=job.anchor.cid,
        draws=tuple(each.cid for each in job.draws),
        votes=tuple(
            Vote(
                attestation=each.cid,
                verifier=each.signer,
                result=Result(deterministic=each.body.deterministic, engine=each.body.engine.text),
            )
            for each in job.attestations
        ),
        settlement=job.settlement.cid,
    )


def from_blocks(root: Cid, blocks: Mapping[Cid, bytes]) -> Proof:
    """Raises ProofError."""
    return from_bytes(write_car((root,), blocks.items()))


def from_bytes(data: bytes) -> Proof:
    """Raises ProofError."""
    proof = read_file(BytesIO(data))
    assert isinstance(proof, Proof)
    return proof


def in_memory(proof: Proof) -> Proof:
    return replace(proof, data=dict(proof.data))


def verified(proof: Proof, **changes: Any) -> Verification:
    given = {"mesh": proof.genesis.cid, "reexecute": sums, "now": NOW, **changes}
    return verify_proof(proof, **given)


def signed_again(record: Signed[Any], by: SigningKey | None = None, **changes: Any) -> Signed[Any]:
    """The record with other fields, signed by its signer or by another."""
    body = replace(record.body, **changes)
    return sign(body, mesh=record.mesh, key=by or KEYS[record.signer])


def alternatives(body: Struct) -> Iterator[tuple[Path, Any]]:
    """Every body of the same shape that differs in one place, with that place."""
    for path, value in _places(body):
        reordered = isinstance(value, tuple) and len(value) > 1
        for place, other in (
            *((path, other) for other in _others(value)),
            *([((*path, ORDER), value[::-1])] if reordered else []),
        ):
            try:
                changed = _with(body, path, other)
                record = sign(changed, mesh=OTHER, key=STRANGER)
                read(record.block, OTHER)
            except (ShapeError, RecordError, ValueError, TypeError, AttributeError):
                continue
            if changed != body:
                yield place, changed


def _places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    match value:
        case Cid():
            yield path, value
        case Struct():
            for name in value.__struct_fields__:
                yield from _places(getattr(value, name), (*path, name))
        case tuple():
            yield path, value
            for index, item in enumerate(value):
                yield from _places(item, (*path, index))
        case _:
            yield path, value


def _with(value: Any, path: Path, other: Any) -> Any:
    if not path:
        return other
    step, rest = path[0], path[1:]
    if isinstance(value, Struct):
        return replace(value, **{str(step): _with(getattr(value, str(step)), rest, other)})
    items = list(value)
    items[int(step)] = _with(items[int(step)], rest, other)
    return tuple(items)


def _others(value: Any) -> tuple[Any, ...]:
    match value:
        case bool():
            return (not value,)
        case int():
            return (value + 1, value - 1, 0, 2 * value + 1)
        case Cid():
            return (OTHER, None)
        case Enum():
            return tuple(each for each in type(value) if each is not value)
        case bytes():
            return (bytes((*value[:-1], value[-1] ^ 1)), bytes(len(value)), None)
        case str() if value.startswith("did:"):
            return (STRANGER.did, *(did for did in KEYS if did != value))
        case str():
            return (value + "x", "x" + value, "x")
        case tuple():
            return (value[1:], value + value[:1], (OTHER,), (STRANGER.did,))
        case Mapping():
            return ({}, {**value, "x": 1}, dict.fromkeys(value, 7))
        case None:
            return (OTHER, bytes(32), 1)
        case _:
            raise AssertionError(f"no alternative to {value!r}")


def faults(proof: Proof, **changes: Any) -> list[Fault]:
    return [each.fault for each in verified(proof, **changes).findings]


JOBS = {True: sample_job(is_sealed=True), False: sample_job(is_sealed=False)}
PROOFS = {is_sealed: collected(job) for is_sealed, job in JOBS.items()}
SEALED = PROOFS[True]
both = pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "unsealed"])
