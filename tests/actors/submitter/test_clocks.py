"""Wall clocks that are set: durations go on, by the monotonic clock."""

from market_actors import SETTINGS
from msgspec.structs import replace
from refusals import refusing
from submitting import Market

from mesh.actors.actor import Instant
from mesh.core.jobs import events as ev
from mesh.core.records.jobs import Award

RETRY_SECONDS = 20


def set_clock(market: Market, seconds: int) -> None:
    market.now = replace(market.now, wall=market.now.wall + seconds)


def test_clock_that_is_set_ahead_makes_no_node_absent() -> None:
    market = Market(settings=replace(SETTINGS, presence_seconds=60))
    set_clock(market, 100)
    assert set(market.submit().asked) == {each.did for each in market.nodes}


def test_nodes_seen_before_the_machine_started_count_from_its_start() -> None:
    market = Market(settings=replace(SETTINGS, presence_seconds=60))
    market.now = replace(market.now, monotonic=Instant(0), boot="second")
    market.skip(59_000)
    assert market.submit().asked
    market.skip(1_000)
    assert not market.submit(description="another").asked


def test_refused_award_is_asked_for_again_on_time_by_a_clock_that_was_set_back() -> None:
    market = Market(nodes=1)
    market.is_held_back = lambda mail: isinstance(mail.record.body, Award)
    job = market.submit()
    market.within(lambda tx: market.actor.auto_award(tx, job.job_id, market.now, is_on=True))
    market.offer(job)
    set_clock(market, -50)
    answer = refusing(market.last(Award).cid, "rate-limit", retry_after=RETRY_SECONDS)
    market.deliver(market.signed(market.issuer_key, answer))
    history = market.within(lambda tx: market.actor.history(tx, job.job_id))
    refusal = history[-1]
    assert isinstance(refusal.event, ev.AwardRefused)
    assert refusal.event.retry_at == refusal.at + RETRY_SECONDS, "as the audit derives it"
    market.wait(1000 * RETRY_SECONDS - 1000)
    assert len(market.mails(Award)) == 1
    market.wait(1000)
    assert len(market.mails(Award)) == 2
