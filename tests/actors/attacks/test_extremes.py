"""Times and amounts at the ends of their ranges: receivers refuse them by name, and never raise."""

from typing import Any

import pytest
from issuing.world import World
from msgspec.structs import replace
from submitting import Market

from mesh.actors.submitter.rows import STATEMENTS, StatementRow
from mesh.core.jobs.job import Job, Phase
from mesh.core.market.terms import Surroundings
from mesh.core.records.settlement import RETRY_SECONDS_MAX, Settlement, Statement
from runtime.content.codec import INTEGER_MAX
from runtime.content.shapes import ShapeError


def test_manifest_of_the_far_future_is_refused_with_a_wait_that_can_be_added() -> None:
    world = World()
    far = INTEGER_MAX - 1
    manifest = world.manifest(created_at=far, bid_deadline=far, expires_at=INTEGER_MAX)
    world.award(world.ask(manifest))
    assert (world.answer.reason, world.answer.retry_after) == (
        "from-the-future",
        RETRY_SECONDS_MAX,
    )
    with pytest.raises(ShapeError):
        world.signed(world.issuer_key, replace(world.answer, retry_after=RETRY_SECONDS_MAX + 1))


def test_settlement_of_the_far_future_is_refused() -> None:
    market = Market()
    market.is_held_back = lambda mail: isinstance(mail.record.body, Settlement)
    job = market.verify(market.assign())
    true = next(e for e in market.held_back if e.to == market.submitter.did)
    forged = market.signed(market.issuer_key, replace(true.record.body, issued_at=INTEGER_MAX - 1))
    market.deliver(forged, *true.attached)
    assert market.refusals() == {"FROM_THE_FUTURE": 1}
    market.forward(true)
    assert market.job(job.job_id).phase is Phase.VERIFIED


def test_balances_of_two_issuers_that_do_not_fit_are_awarded_with() -> None:
    market = Market()
    name = next(iter(newest(market).balances))
    stated = replace(newest(market), balances={name: INTEGER_MAX})
    other = market.signed(market.delegate, stated)

    def state(tx: Any) -> None:
        market.archive.put(tx.blocks, other)
        row = StatementRow(issuer=market.delegate.did, sequence=1, statement=other.cid)
        tx.rows(STATEMENTS).put(row)

    market.within(state)
    around = market.within(lambda tx: market.actor.surroundings(tx, market.now))
    assert isinstance(around, Surroundings) and around.balances[name] == INTEGER_MAX
    assert isinstance(market.assign(), Job)


def newest(market: Market) -> Statement:
    def read(tx: Any) -> Statement:
        (row,) = tx.rows(STATEMENTS).select()
        found: Statement = market.archive.get(tx.blocks, Statement, row.statement).body
        return found

    return market.within(read)
