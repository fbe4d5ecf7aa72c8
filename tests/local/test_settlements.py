"""Every hold that ends has its settlement, and the audit notices one that does not fit."""

from collections.abc import Callable

import pytest
from localmesh import ANSWER_CID, Opener

from mesh import events as ev
from mesh.core.fields import JobId, NodeId
from mesh.job import Job, Phase
from mesh.journal import Recorded, record
from mesh.local import JobRequest, LocalMesh
from mesh.local.audit import audit
from mesh.records import Award, Hold, HoldEnd, Settlement
from mesh.settlement import CANCELLED, LEASE_OVER, void
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed, sign

JOB = JobId("3a9f2b8c-d147-42e1-8f39-9875d2e9f6a7")
NODE = NodeId("mesh-node-2")
LEASE = 3601
DAY = 24 * 3600


def award(mesh: LocalMesh) -> None:
    mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=500, job_id=JOB))
    mesh.drive([JOB])
    mesh.accept(JOB, NODE)


def settlements(mesh: LocalMesh) -> list[tuple[Signed[Settlement], Signed[Hold]]]:
    """The settlements that the job's events name, each with the hold of its attempt."""
    found = []
    with mesh.store.read() as tx:
        job = mesh.stored_job(tx, JOB)
        for stored in tx.jobs.history(job.key):
            if isinstance(stored.event, ev.JobAwarded):
                given = mesh.archive.get(tx, Award, stored.event.award)
            cid = getattr(stored.event, "settlement", None)
            if cid is not None:
                hold = mesh.archive.get(tx, Hold, given.body.hold)
                found.append((mesh.archive.get(tx, Settlement, cid), hold))
    return found


@pytest.mark.parametrize(
    ("later", "phase", "reason"),
    [
        (None, Phase.CANCELLED, CANCELLED),
        (LEASE, Phase.SUBMITTED, LEASE_OVER),
        (DAY, Phase.FAILED, LEASE_OVER),
    ],
)
def test_unused_hold_is_voided_with_proof(
    open_mesh: Opener, later: int | None, phase: Phase, reason: str
) -> None:
    mesh = open_mesh()
    before = mesh.balances()["compute"]
    award(mesh)
    assert settlements(mesh) == []
    if later is None:
        mesh.cancel(JOB, "no longer needed")
    else:
        mesh = open_mesh(later)
        mesh.drive([JOB])
    assert mesh.job(JOB).phase is phase
    ((settlement, hold),) = settlements(mesh)
    body = settlement.body
    assert (body.end, body.receipt, body.reason) == (HoldEnd.VOIDED, None, reason)
    assert body.hold == hold.cid and settlement.signer == mesh.members.issuer.did
    shown = mesh.job(JOB).settlement
    assert (shown == settlement) == mesh.job(JOB).is_final
    assert mesh.balances()["compute"] == before
    assert audit(mesh) == ()


def test_job_without_a_hold_is_not_settled(mesh: LocalMesh) -> None:
    mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=500, job_id=JOB))
    mesh.cancel(JOB, "no longer needed")
    assert settlements(mesh) == []
    assert mesh.job(JOB).settlement is None
    assert audit(mesh) == ()


def lose_with(
    mesh: LocalMesh, make: Callable[[Job, Settlement], Settlement], signer: SigningKey
) -> Signed[Settlement]:
    """Record a lost attempt with a settlement of one's own making."""
    with mesh.store.write() as tx:
        job = mesh.stored_job(tx, JOB)
        assert job.award is not None
        hold = mesh.archive.get(tx, Award, job.award).body.hold
        body = make(job, void(job, hold, "gone", mesh.now))
        settlement = mesh.archive.put(tx, sign(body, mesh=mesh.members.mesh, key=signer))
        lost = ev.AttemptLost(attempt=1, settlement=settlement.cid, reason="gone")
        assert isinstance(record(tx, job.key, lost, mesh.now), Recorded)
    return settlement


def test_audit_compares_a_settlement_with_its_hold(mesh: LocalMesh) -> None:
    award(mesh)

    def other(job: Job, honest: Settlement) -> Settlement:
        assert job.award is not None
        return void(job, job.award, honest.reason, honest.settled_at)

    lose_with(mesh, other, mesh.members.issuer)
    (found,) = audit(mesh)
    assert "settlement: it names another hold" in found


def test_audit_asks_who_signed_a_settlement(mesh: LocalMesh) -> None:
    award(mesh)
    lose_with(mesh, lambda _, honest: honest, mesh.submitter)
    (found,) = audit(mesh)
    assert "no issuer that counts here signed it" in found


def test_audit_misses_a_settlement_that_was_removed(mesh: LocalMesh) -> None:
    award(mesh)
    settlement = lose_with(mesh, lambda _, honest: honest, mesh.members.issuer)
    assert audit(mesh) == ()
    mesh.remove_block(settlement.cid)
    (found,) = audit(mesh)
    assert str(settlement.cid) in found
