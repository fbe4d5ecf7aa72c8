"""Every hold that ends has its settlement, which pays what the table of grounds says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from changed_mesh import (
    NODES,
    OVERDUE,
    VERIFIERS,
    Lie,
    audit,
    exchange,
    failing,
    falsified,
    lying,
    settlements,
    uncompiled,
)
from embedded_mesh import ANSWER_CID, ENDLESS_CID, balances

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.node.node import Node
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.ports.messages import Envelope
from mesh.core.records.settlement import Ground
from mesh.core.records.work import Hold
from mesh.core.settlement.payments import TERMS
from mesh.embedded.mesh import EmbeddedMesh
from runtime.identity.signed import RecordError

Opener = Callable[[int], EmbeddedMesh]
JOB: Final = JobId("3a9f2b8c-d147-42e1-8f39-9875d2e9f6a7")
NODE: Final = NodeId("mesh-node-2")
PRICE: Final = 80
POT: Final = 12


def award(mesh: EmbeddedMesh, **more: Any) -> None:
    request: dict[str, Any] = {"module": ANSWER_CID, "resource_amount": 500, **more}
    mesh.submit(JobRequest(job_id=JOB, **request))
    mesh.drive([JOB])
    mesh.accept(JOB, NODE)


def drive(mesh: EmbeddedMesh) -> None:
    assert mesh.drive([JOB]) == {}


def end_at_once(mesh: EmbeddedMesh, open_later: Opener) -> EmbeddedMesh:
    award(mesh)
    drive(mesh)
    return mesh


def end_cancelled(mesh: EmbeddedMesh, open_later: Opener) -> EmbeddedMesh:
    award(mesh)
    mesh.cancel(JOB, "no longer needed")
    return mesh


def end_late(mesh: EmbeddedMesh, open_later: Opener) -> EmbeddedMesh:
    award(mesh)
    later = open_later(OVERDUE)
    drive(later)
    return later


class DeafNode(Node):
    """A node that takes no orders after its bid, and says nothing."""

    def receive(self, tx: ActorTransaction, envelope: Envelope, now: Now) -> None:
        try:
            record = self.archive.read(envelope.blocks[0])
        except RecordError:
            return
        if not isinstance(record.body, Hold):
            super().receive(tx, envelope, now)


def end_silent(mesh: EmbeddedMesh, open_later: Opener) -> EmbeddedMesh:
    node = mesh.actors.nodes[1]
    deaf = DeafNode(
        key=node.key,
        archive=node.archive,
        entropy=node.entropy,
        machine=node.machine,
        beats=node.beats,
    )
    exchange(mesh, (deaf,))
    return end_at_once(mesh, open_later)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A way to a ground. paid: units by member; None for the clock's part."""

    ends: Phase
    paid: Mapping[str, int]
    lies: Mapping[str, Lie]
    run: Callable[[EmbeddedMesh, Opener], EmbeddedMesh] = end_at_once


SHARES: Final = dict.fromkeys(VERIFIERS, POT // 3)
CASES: Final[Mapping[Ground, Case]] = {
    Ground.VERIFIED: Case(ends=Phase.VERIFIED, paid={NODE: PRICE - POT, **SHARES}, lies={}),
    Ground.REFUTED: Case(ends=Phase.DISPUTED, paid=SHARES, lies={NODE: falsified}),
    Ground.NO_QUORUM: Case(
        ends=Phase.FAILED,
        paid={},
        lies={
            name: lambda found, by=number: falsified(found, -by - 1)  # type: ignore[misc]
            for number, name in enumerate(VERIFIERS)
        },
    ),
    Ground.CANCELLED: Case(ends=Phase.CANCELLED, paid={}, lies={}, run=end_cancelled),
    Ground.GAVE_UP: Case(ends=Phase.SUBMITTED, paid={}, lies={NODE: failing}),
    Ground.UNCOMPILED: Case(
        ends=Phase.FAILED, paid={}, lies=dict.fromkeys((*NODES, *VERIFIERS), uncompiled)
    ),
    Ground.SILENT: Case(ends=Phase.SUBMITTED, paid={}, lies={}, run=end_silent),
    Ground.WALL_CLOCK: Case(ends=Phase.SUBMITTED, paid={}, lies={}, run=end_late),
}


def test_every_ground_of_an_unsealed_mesh_has_its_case() -> None:
    assert CASES.keys() | {Ground.UNOPENED} == TERMS.keys()


@pytest.mark.parametrize("ground", list(CASES), ids=lambda ground: ground.value)
def test_hold_is_settled_as_the_table_says(
    mesh: EmbeddedMesh, open_later: Opener, ground: Ground
) -> None:
    case = CASES[ground]
    before = balances(mesh)["compute"]
    if case.lies:
        lying(mesh, case.lies)
    mesh = case.run(mesh, open_later)
    job = mesh.job(JOB)
    assert job.phase is case.ends
    ((settlement, hold),) = settlements(mesh, JOB)
    body = settlement.body
    assert body.ground is ground
    assert settlement.signer == hold.signer == mesh.actors.issuer.did
    paid = {mesh.members.name(each.to): each.amount for each in body.payments}
    assert paid == case.paid
    assert hold.body.amount == PRICE
    assert body.refunded == PRICE - sum(paid.values())
    assert balances(mesh)["compute"] == before - sum(paid.values())
    assert (job.settlement == settlement) == job.is_final
    assert audit(mesh) == ()


def test_job_without_a_hold_is_not_settled(mesh: EmbeddedMesh) -> None:
    mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=500, job_id=JOB))
    mesh.cancel(JOB, "no longer needed")
    assert settlements(mesh, JOB) == []
    assert mesh.job(JOB).settlement is None
    assert audit(mesh) == ()


def test_third_lost_attempt_is_the_last(mesh: EmbeddedMesh) -> None:
    lying(mesh, dict.fromkeys(NODES, failing))
    before = balances(mesh)["compute"]
    mesh.submit(JobRequest(module=ENDLESS_CID, resource_amount=5, job_id=JOB))
    assert mesh.drive([JOB], auto_award=True) == {}
    job = mesh.job(JOB)
    assert (job.phase, job.award) == (Phase.FAILED, None)
    found = settlements(mesh, JOB)
    assert [each.body.ground for each, _ in found] == [Ground.GAVE_UP] * 3
    assert [hold.body.attempt for _, hold in found] == [1, 2, 3]
    assert len({hold.body.executor for _, hold in found}) == 3, "each node has its turn"
    assert balances(mesh)["compute"] == before
    assert audit(mesh) == ()
