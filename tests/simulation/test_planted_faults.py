"""Actors that are broken on purpose: each invariant is seen to fail by the fault that it is for.

Rule: a broken actor is a subclass of the one that ships, and its key is held to be honest.
"""

from typing import Any, ClassVar, TypeVar

import pytest
from msgspec.structs import replace
from simulation.campaign import play_seed
from simulation.cast import Cast
from simulation.checking.invariants import Invariant, Violation, check_provable
from simulation.driving.machines import Machine, MachineEffect, MachineFault
from simulation.driving.programs import ProgramKind
from simulation.faults.plan import BEGIN_MS
from simulation.scenario import Injected, JobPlan, Scenario
from simulation.world import play

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.executions import EXECUTIONS
from mesh.actors.faults import accuse
from mesh.actors.issuer.issuer import Issuer
from mesh.actors.node.node import Node
from mesh.actors.verifier.verifier import Verifier
from mesh.core.ports.messages import Envelope
from mesh.core.ports.work import Execute, Executed, WorkId, WorkResult
from mesh.core.records.membership import Fault, FaultGround
from mesh.core.records.registry import sign
from mesh.core.records.settlement import Ground, Settlement
from mesh.core.records.terms import Priority
from mesh.core.records.work import Attestation, Draw, Progress, Seal
from mesh.core.settlement.books import ACCOUNTS, Books
from runtime.content.cid import Codec, cid_of, parse_cid
from runtime.execution.context import Context
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed
from runtime.tokens.ledger import Refused
from runtime.tokens.transfers import AccountKind, Command, PostHold, VoidHold

T = TypeVar("T")


class CountsTwice(Issuer):
    """Pays into accounts what nobody has lost."""

    def sign(self, tx: ActorTransaction, body: T) -> Signed[T]:
        if isinstance(body, Settlement):
            rows = tx.rows(ACCOUNTS)
            for row in rows.select(kind=AccountKind.HOLDINGS):
                rows.put(replace(row, credits_posted=row.credits_posted + 1))
        return super().sign(tx, body)


class ReturnsMore(Issuer):
    """Says that it returns more than it held."""

    def sign(self, tx: ActorTransaction, body: T) -> Signed[T]:
        if isinstance(body, Settlement):
            body = replace(body, refunded=body.refunded + 1)
        return super().sign(tx, body)


class CountsNobody(Issuer):
    """Says that what one verifier confirms is verified."""

    def sign(self, tx: ActorTransaction, body: T) -> Signed[T]:
        if isinstance(body, Settlement):
            body = replace(body, ground=Ground.VERIFIED, attestations=body.attestations[:1])
        return super().sign(tx, body)


class NeverSettles(Issuer):
    """Hears no verifier, and looks at no clock."""

    handlers: ClassVar = {**Issuer.handlers, Attestation: lambda *_: None}

    def tick(self, tx: ActorTransaction, now: Now) -> Instant | None:
        return None


class Unpaying(Books):
    """Books in which no hold ends."""

    def carry_out(self, *commands: Command, now: int) -> Refused | None:
        kept = [each for each in commands if not isinstance(each, PostHold | VoidHold)]
        return super().carry_out(*kept, now=now)


class NeverPays(Issuer):
    """Signs settlements, and leaves the money on hold."""

    def books(self, tx: ActorTransaction) -> Books:
        return Unpaying(tx, self.did)


class WorksForNobody(Node):
    """Executes once more, in a context that nobody has awarded."""

    def finished(self, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now) -> None:
        super().finished(tx, work, result, now)
        row = tx.rows(EXECUTIONS).get(parse_cid(work.split("/")[1]))
        if not isinstance(result, Executed) or row is None:
            return
        block = tx.blocks.get(row.context)
        assert block is not None
        context = Context.from_block(block)
        other = replace(context, now=context.now + 1)
        tx.blocks.put(other.cid, other.to_block())
        asked = Execute(
            module=row.module,
            context=other.cid,
            input=None,
            max_seconds=10,
            priority=Priority.LOW,
            since=now.wall,
        )
        tx.work.put(WorkId("once more"), asked)


class CountsFromOne(Node):
    """Gives all its signs of life one number."""

    def sign(self, tx: ActorTransaction, body: T) -> Signed[T]:
        if isinstance(body, Progress):
            body = replace(body, sequence=1)
        return super().sign(tx, body)


class ForgetsReceipts(Node):
    """Throws its receipts away once they are settled."""

    def receive(self, tx: ActorTransaction, envelope: Envelope, now: Now) -> None:
        super().receive(tx, envelope, now)
        record = self.archive.read(envelope.blocks[0])
        if isinstance(record.body, Settlement) and record.body.receipt is not None:
            tx.blocks.delete(record.body.receipt)


class FallsOver(Verifier):
    """Raises as it is drawn."""

    def receive(self, tx: ActorTransaction, envelope: Envelope, now: Now) -> None:
        if isinstance(self.archive.read(envelope.blocks[0]).body, Draw):
            raise KeyError("drawn")
        super().receive(tx, envelope, now)


class WrongMachines(Cast):
    """All machines agree on one wrong result."""

    def machine(self, seed: int, name: str, faults: tuple[MachineFault, ...]) -> Machine:
        wrong = MachineFault(effect=MachineEffect.WRONG_ALIKE)
        return super().machine(seed, name, (*faults, wrong))


class AccusesItsIssuer(Node):
    """Says that whoever settles its attempts does so wrongly."""

    def receive(self, tx: ActorTransaction, envelope: Envelope, now: Now) -> None:
        super().receive(tx, envelope, now)
        record = self.archive.read(envelope.blocks[0])
        if isinstance(record.body, Settlement):
            ground = FaultGround.WRONG_SETTLEMENT
            body = Fault(ground=ground, accused=record.signer, evidence=(record.cid,))
            accuse(self, tx, body, (record.cid,), now)


class KnowsAndGoesOn(Issuer):
    """Notes that it was restored, and signs as before."""

    def precheck(self, tx: ActorTransaction, incoming: Incoming, now: Now) -> MessageRefusal | None:
        super().precheck(tx, incoming, now)
        return None


BROKEN = (
    (Cast(issuer=CountsTwice), Invariant.MONEY_CONSERVED),
    (Cast(issuer=ReturnsMore), Invariant.PAID_ONCE),
    (Cast(issuer=CountsNobody), Invariant.QUORUM),
    (Cast(issuer=NeverSettles), Invariant.JOBS_END),
    (Cast(issuer=NeverPays), Invariant.NOTHING_HELD),
    (Cast(node=WorksForNobody), Invariant.NO_WORK_WITHOUT_HOLD),
    (Cast(node=CountsFromOne), Invariant.NO_CONTRADICTION),
    (Cast(node=ForgetsReceipts), Invariant.NOTHING_LOST),
    (Cast(node=AccusesItsIssuer), Invariant.NO_FALSE_FAULT),
    (Cast(verifier=FallsOver), Invariant.NO_CRASH),
    (WrongMachines(), Invariant.TRUE_RESULT),
)

JOB = JobPlan(
    number=1, submitter=0, at=BEGIN_MS, program=ProgramKind.SUM, fuel=20_000_000, cancel_at=None
)


@pytest.mark.parametrize("is_sealed", [False, True], ids=["unsealed", "sealed"])
@pytest.mark.parametrize(("cast", "invariant"), BROKEN, ids=lambda each: getattr(each, "name", ""))
def test_broken_actor_violates_its_invariant(
    cast: Cast, invariant: Invariant, is_sealed: bool
) -> None:
    _, violation = play(Scenario(seed=1, is_sealed=is_sealed, jobs=(JOB,)), cast)
    assert violation is not None and violation.invariant is invariant, violation


@pytest.mark.parametrize("is_sealed", [False, True], ids=["unsealed", "sealed"])
def test_actors_that_ship_violate_nothing(is_sealed: bool) -> None:
    _, violation = play(Scenario(seed=1, is_sealed=is_sealed, jobs=(JOB,)), Cast())
    assert violation is None


def test_failing_seed_is_shrunk_and_drawn() -> None:
    failure = play_seed(3, Cast(issuer=ReturnsMore)).failure
    assert failure.startswith("seed 3 fails: PAID_ONCE")
    _, smallest = failure.split("shrunk to:\n")
    assert smallest.startswith("seed 3, unsealed: 1 submitters, 1 nodes, 2 verifiers, 1 issuers\n")
    assert "\njobs: sum at 3000 ms\nfaults: none\n" in smallest
    assert "sequenceDiagram\n" in smallest and "issuer_1->>node_1: Hold\n" in smallest


def test_restored_issuer_that_goes_on_violates_its_invariant() -> None:
    jobs = tuple(replace(JOB, number=number, at=BEGIN_MS + 1_000 * number) for number in range(9))
    restore = Injected(kind="restore an old store of an issuer", number=1)
    scenario = Scenario(seed=1, jobs=jobs, faults=(restore,))
    assert play(scenario, Cast())[1] is None
    _, violation = play(scenario, Cast(issuer=KnowsAndGoesOn))
    assert violation is not None and violation.invariant is Invariant.REFUSES, violation


def test_every_invariant_is_seen_to_fail() -> None:
    elsewhere = {Invariant.FAULT_PROVABLE, Invariant.REFUSES}
    assert {invariant for _, invariant in BROKEN} | elsewhere == set(Invariant)


def test_records_of_two_signers_prove_no_fault() -> None:
    first, second = (_seal(name) for name in (b"a", b"b"))
    with pytest.raises(Violation, match="FAULT_PROVABLE"):
        check_provable(first, second)


def _seal(name: bytes) -> Signed[Any]:
    hold, mesh = (cid_of(each, Codec.DAG_CBOR) for each in (b"hold", b"mesh"))
    return sign(Seal(hold=hold, digest=bytes(32)), mesh=mesh, key=SigningKey(name * 32))
