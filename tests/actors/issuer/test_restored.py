"""A restored issuer: shown what it has lost, it signs nothing more, and says so."""

from collections.abc import Callable
from typing import Any

import pytest
from issuing.records import LEASE_MS, WALL
from issuing.world import World
from msgspec.structs import replace

from mesh.actors.base import REFUSALS, MessageRefusal
from mesh.actors.issuer.restored import RESTORED_TEXT
from mesh.actors.issuer.rows import RESTORED
from mesh.adapters.inmemory.store import MemoryStore
from mesh.core.records.jobs import Cancel
from mesh.core.records.settlement import Ground, Settlement, Statement
from mesh.core.records.work import GaveUp, GaveUpGround, Hold
from runtime.identity.signed import Signed
from runtime.terminal.errors import CommandError
from runtime.tokens.policy import AllowAll
from runtime.tokens.token import ResourceType


def restored(world: World, store: MemoryStore) -> None:
    """The issuer's process begins anew with an old store."""
    world.store = store
    world.issuer.orders.clear()
    world.sent.clear()
    world.skip(10 * LEASE_MS)


def statement(world: World) -> Signed[Statement]:
    return world.within(  # type: ignore[no-any-return]
        lambda tx: world.issuer.statement_of(tx, world.submitter.did, world.now)
    )


def refuses(world: World) -> bool:
    rows = world.within(lambda tx: tx.rows(RESTORED).select())
    return bool(rows)


def test_award_with_a_newer_statement_is_held_by_no_old_copy() -> None:
    world = World()
    world.verified()
    old = world.store.copy()
    world.held(world.ask())
    newest = statement(world)
    restored(world, old)
    award, blocks = world.message(world.ask())
    world.deliver(award, *blocks, newest.block)
    assert world.sent == []
    (row,) = world.within(lambda tx: tx.rows(RESTORED).select())
    assert (row.shown, row.kind) == (newest.cid, "Statement")
    refused = world.within(lambda tx: tx.rows(REFUSALS).get(MessageRefusal.RESTORED.name, "Award"))
    assert refused is not None and refused.count == 1


def test_same_statement_and_older_ones_show_nothing() -> None:
    world = World()
    first = statement(world)
    world.held()
    award, blocks = world.message(world.ask())
    world.deliver(award, *blocks, first.block, statement(world).block)
    assert not refuses(world)
    assert world.of_kind(Hold)


def test_statement_of_another_life_with_the_same_number_shows_an_old_copy() -> None:
    world = World()
    old = world.store.copy()
    world.held()
    newest = statement(world)
    restored(world, old)
    world.held(world.ask())
    own = statement(world)
    assert own.body.sequence == newest.body.sequence and own.cid != newest.cid
    award, blocks = world.message(world.ask())
    world.sent.clear()
    world.deliver(award, *blocks, newest.block)
    assert refuses(world) and world.sent == []


def test_statement_that_another_has_forged_shows_nothing() -> None:
    world = World()
    body = replace(statement(world).body, sequence=99)
    award, blocks = world.message(world.ask())
    world.deliver(award, *blocks, world.signed(world.submitter, body).block)
    assert not refuses(world)
    assert world.of_kind(Hold)


def _receipt(world: World, asked: Any) -> None:
    receipt, anchor, block = world.receipt(asked)
    world.deliver(receipt, anchor.block, block, world.hold.block)


def _gave_up(world: World, asked: Any) -> None:
    body = GaveUp(hold=world.hold.cid, ground=GaveUpGround.MACHINE, detail="")
    world.deliver(world.signed(world.node, body), world.hold.block)


def _cancel(world: World, asked: Any) -> None:
    body = Cancel(job=asked.manifest.cid, reason="")
    record = world.signed(world.submitter, body)
    world.deliver(record, asked.manifest.block, world.hold.block)


@pytest.mark.parametrize("show", [_receipt, _gave_up, _cancel])
def test_request_about_a_lost_hold_shows_an_old_copy(show: Callable[[World, Any], None]) -> None:
    world = World()
    old = world.store.copy()
    asked = world.held()
    restored(world, old)
    show(world, asked)
    assert refuses(world) and world.sent == []


def test_old_copy_orders_again_and_learns_of_its_settlement_before_it_settles() -> None:
    world = World()
    asked = world.held()
    old = world.store.copy()
    world.deliver_receipt(asked)
    for each in world.drawn():
        world.attest(each)
    settled = world.last(Settlement)
    assert settled.body.ground is Ground.VERIFIED
    restored(world, old)
    world.tick()
    assert [each.cid for each in world.of_kind(Hold, world.node)] == [world.hold.cid]
    world.deliver(settled, world.hold.block)
    world.wait(10 * LEASE_MS)
    assert refuses(world)
    assert world.of_kind(Settlement) == []


def test_settlement_of_its_own_that_it_has_shows_nothing() -> None:
    world = World()
    world.verified()
    world.deliver(world.last(Settlement), world.hold.block)
    assert not refuses(world)


COMMANDS: dict[str, Callable[[World], object]] = {
    "issue": lambda world: world.issue(1),
    "allocate": lambda world: world.allocate(1, "roofs"),
    "policy": lambda world: world.set_policy(AllowAll()),
    "revoke": lambda world: world.within(
        lambda tx: world.issuer.revoke(tx, token=world.token.cid, reason="", now=world.now)
    ),
    "grant": lambda world: world.within(
        lambda tx: world.issuer.grant(
            tx, subject=world.submitter.did, name="clerk", expires_at=WALL + 10
        )
    ),
    "withdraw": lambda world: world.within(
        lambda tx: world.issuer.withdraw(
            tx, subject=world.submitter.did, name="clerk", reason="", now=world.now
        )
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_of_a_restored_issuer_are_refused(name: str) -> None:
    world = World()
    old = world.store.copy()
    world.held()
    newest = statement(world)
    restored(world, old)
    award, blocks = world.message(world.ask())
    world.deliver(award, *blocks, newest.block)
    with pytest.raises(CommandError, match=RESTORED_TEXT):
        COMMANDS[name](world)


def test_token_of_its_own_that_it_does_not_know_shows_an_old_copy() -> None:
    world = World()
    old = world.store.copy()
    token = world.issue(10)
    restored(world, old)
    asked = world.ask(world.manifest(resource_token=token.cid))
    world.deliver(asked.award, *asked.blocks, token.block)
    assert refuses(world) and world.sent == []
    assert token.body.resource_type is ResourceType.COMPUTE
