"""Messages to an issuer in any order, with duplicates, lies, gaps and clocks that are set.

Whatever comes: units are conserved, a hold ends at most once, and others accept each end
from its records alone.
"""

from collections.abc import Callable
from typing import Any, Final

from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from issuing.records import UNITS, Asked, result
from issuing.world import World
from msgspec.structs import replace

from mesh.actors.actor import Instant
from mesh.actors.issuer.attempts.orders import order_of
from mesh.actors.issuer.rows import ATTEMPTS
from mesh.core.records.jobs import Cancel, Transfer, TransferItem
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import (
    Anchor,
    Attestation,
    Draw,
    GaveUp,
    GaveUpGround,
    Hold,
    Opening,
    Progress,
    Receipt,
    Seal,
    WorkPhase,
)
from mesh.core.settlement.attempt import Attempt, AttemptPhase
from mesh.core.settlement.books import Books
from mesh.core.settlement.check import SettledRecords, check_settlement
from mesh.core.verification.results import read_result
from runtime.content.cid import Cid
from runtime.execution.execution import Deterministic
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceType

LABELS: Final = ("right", "right", "right", "wrong")


class Chaos:
    """A world, and the messages that were sent to its issuer."""

    def __init__(self, *, sealed: bool) -> None:
        self.world = World(verifiers=6, sealed=sealed)
        self.asked: Asked | None = None
        self.delivered: list[tuple[Signed[Any], tuple[bytes, ...]]] = []
        self.settlements: dict[Cid, Cid] = {}

    def deliver(self, record: Signed[Any], *attached: bytes) -> None:
        self.delivered.append((record, attached))
        self.world.deliver(record, *attached)

    # --- what may come next: each takes a number that decides the rest

    def award(self, number: int) -> None:
        world = self.world
        if self.asked is None or number % 5 == 0:
            self.asked = world.ask()
        else:
            before = world.attempt().attempt if world.history_of(Hold) else 0
            key = world.node if number % 2 else world.other_node
            manifest = self.asked.manifest
            bid = world.bid(manifest, key, price=700 + number)
            self.asked = world.ask(manifest, bid, attempt=min(3, before + number % 2 + 1))
        self.deliver(*_flat(world.message(self.asked)))

    def progress(self, number: int) -> None:
        keys = (self.executor, *self.world.verifiers)
        phase = WorkPhase.RUNNING if number % 3 else WorkPhase.FETCHING
        body = Progress(
            hold=self.world.hold.cid, sequence=1 + number // 7, phase=phase, fuel_estimate=None
        )
        self.deliver(self.world.signed(keys[number % 7], body))

    def give_up(self, number: int) -> None:
        ground = tuple(GaveUpGround)[number % len(GaveUpGround)]
        body = GaveUp(hold=self.world.hold.cid, ground=ground, detail="")
        self.deliver(self.world.signed(self.executor, body))

    def receipt(self, number: int) -> None:
        self.reveal(self.of_hold(), result(LABELS[number % 4]))

    def seal(self, number: int) -> None:
        keys = (self.executor, *self.world.verifiers)
        self.deliver(self.world.seal(keys[number % 7], result(LABELS[number // 7 % 4])))

    def attest(self, number: int) -> None:
        key = self.world.verifiers[number % 6]
        attestation, block = self.world.attestation(key, result(LABELS[number // 6 % 4]))
        self.deliver(attestation, block)

    def proceed(self, number: int) -> None:
        """What is due next in the newest attempt, mostly as an honest member does it."""
        world = self.world
        attempt = next(each for each in self.attempts() if each.hold == world.hold.cid)
        drawn = world.keys(each.verifier for each in attempt.drawn)
        label = result(LABELS[number % 4])
        done = {each.signer for each in attempt.seals} | {each.verifier for each in attempt.votes}
        waiting = [each for each in drawn if each.did not in done] or drawn
        match attempt.phase, world.is_sealed:
            case AttemptPhase.HELD, True:
                self.deliver(world.seal(self.executor, label))
            case AttemptPhase.HELD, False:
                self.reveal(self.of_hold(), label)
            case AttemptPhase.DRAWN, True:
                self.deliver(world.seal(waiting[number % len(waiting)], label))
            case AttemptPhase.OPENED, _ if number % 4 == 0:
                self.reveal(self.of_hold(), label)
            case AttemptPhase.DRAWN | AttemptPhase.OPENED, _:
                attestation, block = world.attestation(waiting[number % len(waiting)], label)
                self.deliver(attestation, block)

    def reveal(self, held: Asked, found: Deterministic) -> None:
        receipt, anchor, block = self.world.receipt(held, found)
        self.deliver(receipt, anchor.block, block)

    def cancel(self, number: int) -> None:
        held = self.of_hold()
        body = Cancel(job=held.manifest.cid, reason=str(number))
        self.deliver(self.world.signed(self.world.submitter, body), held.manifest.block)

    def transfer(self, number: int) -> None:
        item = TransferItem(
            position=0,
            to=self.world.node.did,
            resource_type=ResourceType.COMPUTE,
            amount=1 + number,
        )
        body = Transfer(cause=self.world.mesh, items=(item,))
        self.deliver(self.world.signed(self.world.submitter, body))

    def repeat(self, number: int) -> None:
        if self.delivered:
            record, attached = self.delivered[number % len(self.delivered)]
            self.world.deliver(record, *attached)

    def wait(self, number: int) -> None:
        self.world.wait(100 * number)

    def gap(self, number: int) -> None:
        self.world.skip(500 * number)
        self.world.tick()

    def restart(self, number: int) -> None:
        now = self.world.now
        self.world.now = replace(now, boot=f"{now.boot}'", monotonic=Instant(1_000 * number))
        self.world.tick()

    def set_clock(self, number: int) -> None:
        now = self.world.now
        self.world.now = replace(now, wall=now.wall + 10 * (number - 25))

    # --- where it stands

    @property
    def executor(self) -> Any:
        world = self.world
        return world.node if world.hold.body.executor == world.node.did else world.other_node

    def of_hold(self) -> Asked:
        """The award of the newest hold."""
        award = self.world.hold.body.award
        for record, attached in self.delivered:
            if record.cid == award:
                read = self.world.archive.read
                manifest, bid = read(attached[0]), read(attached[1])
                asked = self.world.ask(manifest, bid)  # type: ignore[arg-type]
                return replace(asked, award=record)
        raise AssertionError("a hold answers an award")

    def attempts(self) -> tuple[Attempt, ...]:
        found: tuple[Attempt, ...] = self.world.within(lambda tx: tx.rows(ATTEMPTS).select())
        return found

    def check(self) -> None:
        attempts = self.attempts()
        accounts = self.world.accounts()
        assert sum(each.balance for each in accounts) == 0
        held = sum(each.debits_pending for each in accounts)
        assert held == sum(each.amount for each in attempts if each.is_open)
        holdings = [each for each in accounts if each.key.kind.value == "holdings"]
        assert sum(each.balance for each in holdings) == UNITS
        assert all(each.available >= 0 for each in holdings)
        for settlement in self.world.of_kind(Settlement):
            known = self.settlements.setdefault(settlement.body.hold, settlement.cid)
            assert known == settlement.cid, "a hold ends once"
        for attempt in attempts:
            if not attempt.is_open:
                self.check_end(attempt)
        self.world.sent.clear()

    def check_end(self, attempt: Attempt) -> None:
        world, archive = self.world, self.world.archive

        def act(tx: Any) -> None:
            def read(kind: type[Any], cid: Cid | None) -> Any:
                return None if cid is None else archive.get(tx.blocks, kind, cid)

            assert attempt.settlement is not None
            settlement = archive.get(tx.blocks, Settlement, attempt.settlement)
            body = settlement.body
            assert sum(each.amount for each in body.payments) + body.refunded == attempt.amount
            receipt = read(Receipt, body.receipt)
            opening = read(Opening, body.opening)
            seals = attempt.seals if opening is None else opening.body.seals
            found = SettledRecords(
                receipt=receipt,
                result=None
                if receipt is None
                else read_result(tx.blocks.get(receipt.body.deterministic)),
                anchor=read(Anchor, body.anchor),
                draws=tuple(read(Draw, each) for each in body.draws),
                opening=opening,
                seals=tuple(read(Seal, getattr(each, "seal", each)) for each in seals),
                attestations=tuple(read(Attestation, each) for each in body.attestations),
                cancel=read(Cancel, body.cancel),
            )
            order = order_of(world.issuer, tx, attempt)
            later = max(world.now.wall, order.hold.body.issued_at)
            assert check_settlement(settlement, order, found, now=later) == ()
            paid = Books(tx, world.issuer.did).transfer(attempt.id)
            assert paid is not None
            assert [(each.owner, each.amount) for each in paid.payments] == [
                (each.to, each.amount) for each in body.payments
            ]

        world.within(act)


AFTER_A_HOLD: Final[tuple[Callable[[Chaos, int], None], ...]] = (
    *(Chaos.proceed,) * 16,
    Chaos.progress,
    Chaos.give_up,
    Chaos.receipt,
    Chaos.seal,
    Chaos.attest,
    Chaos.attest,
    Chaos.cancel,
)
ALWAYS: Final = (
    Chaos.award,
    Chaos.repeat,
    Chaos.transfer,
    Chaos.wait,
    Chaos.gap,
    Chaos.restart,
    Chaos.set_clock,
)

STEPS = st.lists(
    st.tuples(st.sampled_from((*ALWAYS, *AFTER_A_HOLD)), st.integers(0, 50)),
    min_size=1,
    max_size=40,
)


@examples(300)
@given(steps=STEPS, sealed=st.booleans())
def test_any_sequence_of_messages_conserves_units_and_ends_a_hold_once(
    steps: list[tuple[Callable[[Chaos, int], None], int]], sealed: bool
) -> None:
    chaos = Chaos(sealed=sealed)
    chaos.award(0)
    for step, number in steps:
        step(chaos, number)
        chaos.check()


def _flat(message: tuple[Signed[Any], tuple[bytes, ...]]) -> tuple[Any, ...]:
    return message[0], *message[1]
