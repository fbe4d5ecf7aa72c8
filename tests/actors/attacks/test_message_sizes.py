"""Sizes of an issuer's messages: what dishonest members send makes none larger than is read.

Else an executor would get no hold and lose a lease, verifiers no draw, a submitter no settlement.
"""

from typing import Any

from issuing.records import result
from issuing.world import Sent, World
from msgspec.structs import replace

from mesh.core.ports.messages import ENVELOPE_BLOCKS_MAX, ENVELOPE_BYTES_MAX, ORDER_BYTES_MAX
from mesh.core.records.membership import MEMBERS_MAX
from mesh.core.records.settlement import Answer, Ground, Settlement
from mesh.core.records.terms import Trust
from mesh.core.records.work import Draw, Hold
from mesh.core.settlement.attempt import AttemptPhase
from mesh.core.verification.draw import eligible_block
from runtime.content.shapes import TEXT_BYTES_MAX
from runtime.execution.execution import Deterministic, Outcome, OutcomeKind
from runtime.identity.keys import SigningKey


def size_of(world: World, sent: Sent) -> int:
    def read(tx: Any) -> int:
        return sum(tx.blocks.size(cid) for cid in (sent.record.cid, *sent.attached))

    found: int = world.within(read)
    return found


def largest(world: World, kind: type[Any]) -> int:
    return max(size_of(world, each) for each in world.sent if isinstance(each.record.body, kind))


def test_hold_and_draws_of_the_largest_order_are_read_in_the_largest_mesh() -> None:
    world = World(verifiers=6)
    asked = world.ask_sized(ORDER_BYTES_MAX)
    world.held(asked)
    world.deliver_receipt(asked)
    for number, each in enumerate(world.drawn()):
        world.attest(each, result(f"wrong {number}"))
    assert world.last(Draw).body.round == 2
    few = len(eligible_block([each.did for each in world.verifiers])[1])
    many = MEMBERS_MAX * (len(world.node.did) + 2)
    for kind in (Hold, Draw):
        assert largest(world, kind) - few + many < ENVELOPE_BYTES_MAX


def test_larger_order_is_refused_by_name() -> None:
    world = World()
    asked = world.ask_sized(ORDER_BYTES_MAX + 1)
    world.award(asked)
    assert not world.of_kind(Hold)
    assert world.answer.reason == "too-large"


def test_message_of_very_many_blocks_is_refused_unread() -> None:
    world = World()
    receipt, anchor, block = world.receipt(world.held())
    others = [number.to_bytes(3, "big") for number in range(ENVELOPE_BLOCKS_MAX)]
    world.deliver(receipt, anchor.block, block, *others)
    assert world.attempt().phase is AttemptPhase.HELD
    world.deliver(receipt, anchor.block, block, *others[: ENVELOPE_BLOCKS_MAX - 3])
    assert world.attempt().phase is AttemptPhase.DRAWN


def lengthy(number: int) -> Deterministic:
    """A result with as much text as one has."""
    text = f"{number:04}" + "x" * (TEXT_BYTES_MAX - 4)
    return replace(
        result(),
        outcome=Outcome(
            kind=OutcomeKind.TRAPPED, reason=text, detail=text, place=text, article=text
        ),
    )


def test_settlement_with_the_results_of_64_verifiers_is_read() -> None:
    world = World(verifiers=64)
    asked = world.held(world.ask(world.manifest(trust=Trust(verifiers=64, quorum=33))))
    world.deliver_receipt(asked, lengthy(0))
    for number, each in enumerate(world.drawn(), 1):
        world.attest(each, lengthy(number))
    assert world.settlement.ground is Ground.NO_QUORUM
    assert len(world.settlement.attestations) == 64
    assert largest(world, Settlement) < ENVELOPE_BYTES_MAX


def attested(world: World, key: SigningKey, text: str) -> None:
    outcome = Outcome(kind=OutcomeKind.SUCCEEDED, detail=text)
    world.attest(key, replace(result(), outcome=outcome))


def test_result_with_a_longer_text_counts_for_nothing() -> None:
    world = World()
    asked = world.held()
    world.deliver_receipt(asked)
    first, second, third = world.drawn()
    attested(world, first, "x" * (TEXT_BYTES_MAX + 1))
    assert world.last(Answer, first).body.reason == "incomplete"
    world.attest(second)
    world.attest(third)
    world.wait(world.hold.body.lease_ms)
    assert world.settlement.ground is Ground.VERIFIED
    assert len(world.settlement.attestations) == 2
