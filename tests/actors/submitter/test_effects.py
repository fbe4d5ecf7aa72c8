"""Effects of verified jobs and local runs: all or none, once, and on the state that they saw."""

from typing import Any

import pytest
from issuing.records import key_of, result
from refusals import refusing
from submitting import Market

from mesh.actors.submitter.effects.application import Applied, Awaiting
from mesh.actors.submitter.effects.state import register, units_of
from mesh.actors.submitter.rows import JOBS
from mesh.core.jobs import events as ev
from mesh.core.jobs.effects import EffectFault, EffectRefusal
from mesh.core.jobs.job import Job, Phase
from mesh.core.ports.work import Failed, WorkFault
from mesh.core.records.jobs import JobManifest, Transfer
from mesh.core.records.terms import Children
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.execution.effects import (
    AnchorData,
    BurnTokens,
    Effect,
    MintTokens,
    SubmitJob,
    TransferTokens,
    WriteState,
)

VALUE = encode(7)
VALUE_CID = cid_of(VALUE, Codec.DAG_CBOR)
WRITE = WriteState(home="home", variable="count", shape="Integer", value=VALUE_CID)
ALICE = key_of("alice").did


def run_job(market: Market, *effects: Effect, **changes: Any) -> Job:
    """A job that is verified with these effects, with its blocks brought."""
    found, blocks = market.with_effects(*effects)
    job = market.verify(market.assign(**changes), found)
    assert job.phase is Phase.VERIFIED
    blocks[VALUE_CID] = VALUE
    for _ in range(2):  # the effects, then what they name
        market.fetched(blocks)
    return market.job(job.job_id)


def root(market: Market) -> Cid | None:
    return market.within(market.actor.state_root)


def units(market: Market, holder: Any = ALICE) -> int:
    return market.within(lambda tx: units_of(tx, ("voucher", holder)))


def mint(amount: int) -> MintTokens:
    return MintTokens(token_class="voucher", amount=amount, to=ALICE)


def test_state_classes_and_data_follow_a_verified_job() -> None:
    market = Market()
    job = run_job(market, WRITE, mint(5), AnchorData(data="text"))
    assert job.effects == ev.EffectsApplied(
        root=root(market), transfer=None, children=(), reason=""
    )
    assert root(market) is not None
    assert units(market) == 5
    assert market.within(lambda tx: tx.blocks.has(cid_of(b"text", Codec.RAW)))
    assert market.replayed(job.job_id) == job


@pytest.mark.parametrize(
    "wrong",
    [
        BurnTokens(token_class="voucher", amount=6, holder=ALICE),
        TransferTokens(token_class="voucher", amount=6, holder=ALICE, to=key_of("bob").did),
        TransferTokens(token_class="compute", amount=1, holder=ALICE, to=key_of("bob").did),
        MintTokens(token_class="voucher", amount=0, to=ALICE),
        TransferTokens(token_class="voucher", amount=1, holder=ALICE, to=ALICE),
        SubmitJob(
            wasm_cid=VALUE_CID,
            description="",
            resource_type="compute",
            resource_amount=1,
            priority="medium",
        ),
    ],
)
def test_one_effect_that_cannot_be_stops_all(wrong: Effect) -> None:
    market = Market()
    job = run_job(market, WRITE, mint(5), wrong)
    assert job.phase is Phase.VERIFIED
    assert job.effects is not None and job.effects.reason
    assert (root(market), units(market)) == (None, 0)


def test_effects_of_a_state_that_moved_are_not_applied() -> None:
    market = Market()
    found, blocks = market.with_effects(mint(5))
    job = market.assign()
    run_job(market, WRITE)
    market.tell_both(market.progress())
    blocks[VALUE_CID] = VALUE
    first = market.job(job.job_id)
    hold = market.within(lambda tx: market.archive.read(tx.blocks.get(first.hold)))
    market.mail = [each for each in market.mail if each.record.cid != market.hold.cid]
    assert market.hold.cid == hold.cid
    market.verify(first, found)
    market.fetched(blocks)
    after = market.job(job.job_id)
    assert after.effects is not None
    assert after.effects.reason == EffectFault.STATE_MOVED.value
    assert units(market) == 0


def send(amount: int) -> TransferTokens:
    return TransferTokens(
        token_class="compute",
        amount=amount,
        holder=key_of("submitter").did,
        to=key_of("delegate").did,
    )


def test_units_move_by_one_transfer_and_state_follows_its_answer() -> None:
    market = Market()
    market.is_held_back = lambda mail: isinstance(mail.record.body, Transfer)
    job = run_job(market, WRITE, send(30), send(12))
    assert job.effects is None
    assert root(market) is None
    assert [each.amount for each in market.last(Transfer).body.items] == [30, 12]
    market.forward(market.held_back[0])
    job = market.job(job.job_id)
    assert job.effects is not None and job.effects.reason == ""
    assert job.effects.transfer == market.last(Transfer).cid
    assert root(market) is not None


def test_refused_transfer_leaves_everything_as_it_was() -> None:
    market = Market()
    market.is_held_back = lambda mail: isinstance(mail.record.body, Transfer)
    job = run_job(market, WRITE, send(30), mint(1))
    transfer = market.last(Transfer)
    refusal = refusing(transfer.cid, "balance-too-low", detail="0 available")
    stranger = market.signed(market.node, refusal)
    market.deliver(stranger)
    assert market.job(job.job_id).effects is None
    market.deliver(market.signed(market.issuer_key, refusal))
    job = market.job(job.job_id)
    assert job.effects is not None
    assert job.effects.reason == f"{EffectFault.TRANSFER_REFUSED.value}: 0 available"
    assert (root(market), units(market)) == (None, 0)


def test_effects_wait_for_the_transfer_of_others() -> None:
    market = Market()
    market.is_held_back = lambda mail: isinstance(mail.record.body, Transfer)
    first = run_job(market, WRITE, send(30))
    second = run_job(market, mint(5))
    assert second.effects is None
    assert units(market) == 0
    market.forward(market.held_back[0])
    assert market.job(first.job_id).effects is not None
    after = market.job(second.job_id).effects
    assert after is not None and after.reason == EffectFault.STATE_MOVED.value


def test_more_units_than_there_are_is_refused_before_anyone_is_asked() -> None:
    market = Market(units=5_000)
    job = run_job(market, WRITE, send(6_000))
    assert job.effects is not None
    assert job.effects.reason.startswith("transfer 6000 compute: the account has less available")
    assert market.mails(Transfer) == []


def test_blocks_that_nobody_gives_stop_the_effects_and_say_so() -> None:
    market = Market()
    found, _ = market.with_effects(WRITE)
    job = market.verify(market.assign(), found)
    for _ in range(8):

        def fail(tx: Any) -> None:
            for row in tx.work._rows.select(actor=market.submitter.did):
                tx.end_work(row.id)
                failed = Failed(fault=WorkFault.MISSING, detail="", missing=row.work.extra)
                market.actor.finished(tx, row.id, failed, market.now)

        market.within(fail)
        market.skip(61_000)
        market.tick()
    effects = market.job(job.job_id).effects
    assert effects is not None and effects.reason.startswith(EffectFault.BLOCK_MISSING.value)


def test_local_run_is_applied_once() -> None:
    market = Market()
    cause = cid_of(b"call", Codec.RAW)
    for _ in range(2):
        done = market.within(
            lambda tx: market.actor.apply_effects(tx, cause, (mint(5),), None, market.now)
        )
        assert done == Applied(root=None)
    assert units(market) == 5


def test_local_run_with_units_awaits_the_issuer() -> None:
    market = Market()
    cause = cid_of(b"call", Codec.RAW)
    done = market.within(
        lambda tx: market.actor.apply_effects(tx, cause, (mint(5), send(1)), None, market.now)
    )
    assert isinstance(done, Awaiting)
    outcome = market.within(lambda tx: market.actor.outcome_of(tx, cause))
    assert outcome is not None and outcome.reason == ""
    assert units(market) == 5


def test_local_run_on_another_state_is_refused() -> None:
    market = Market()
    done = market.within(
        lambda tx: market.actor.apply_effects(
            tx, cid_of(b"call", Codec.RAW), (mint(5),), VALUE_CID, market.now
        )
    )
    assert done == EffectRefusal(fault=EffectFault.STATE_MOVED)


def test_register_is_made_only_after_holdings_change() -> None:
    market = Market()
    run_job(market, mint(5))
    first = market.within(lambda tx: register(market.actor, tx))
    assert isinstance(first, Cid)
    assert market.within(lambda tx: register(market.actor, tx)) == first
    run_job(market, BurnTokens(token_class="voucher", amount=5, holder=ALICE))
    assert market.within(lambda tx: register(market.actor, tx)) is None


# --- children


def child(amount: int = 10) -> SubmitJob:
    return SubmitJob(
        wasm_cid=market_module(),
        description="child",
        resource_type="compute",
        resource_amount=amount,
        priority="medium",
    )


def market_module() -> Cid:
    return cid_of(b"module", Codec.RAW)


def test_children_are_submitted_with_their_parent() -> None:
    market = Market()
    job = run_job(market, child(10), child(20), children=Children(depth=2, budget=50))
    assert job.effects is not None
    first, second = (market.job(each) for each in job.effects.children)
    assert (first.cause, second.cause) == (job.manifest, job.manifest)
    body: JobManifest = market.manifest_of(second).body
    assert body.parent is not None
    assert (body.parent.position, body.parent.depth) == (1, 1)
    assert body.children == Children(depth=1, budget=20)
    assert first.asked and first.auto_award
    market.offer(first, 0, price=9, units=10)
    market.offer(first, 1, price=8, units=10)
    assert market.job(first.job_id).phase is Phase.ASSIGNED


def held_back(market: Market) -> Job:
    """A job whose effects move units and submit a job, and whose transfer is on its way."""
    market.is_held_back = lambda mail: isinstance(mail.record.body, Transfer)
    job = run_job(market, send(30), child(10), WRITE, children=Children(depth=1, budget=50))
    assert job.effects is None and root(market) is None
    return job


def only_child(market: Market, job: Job) -> Job:
    rows = market.within(lambda tx: tx.rows(JOBS).select(cause=job.manifest))
    (row,) = rows
    return row.job


def test_child_is_signed_before_units_move_and_submitted_after() -> None:
    market = Market()
    job = held_back(market)
    created = only_child(market, job)
    assert (created.phase, created.asked) == (Phase.CREATED, ())
    market.forward(market.held_back[0])
    effects = market.job(job.job_id).effects
    assert effects is not None and effects.reason == ""
    assert effects.children == (created.job_id,)
    after = market.job(created.job_id)
    assert (after.phase, after.manifest) == (Phase.SUBMITTED, created.manifest)
    assert after.asked and market.replayed(after.job_id) == after


def test_child_of_a_refused_transfer_is_refused() -> None:
    market = Market()
    job = held_back(market)
    refusal = refusing(market.last(Transfer).cid, "ledger", detail="no")
    market.deliver(market.signed(market.issuer_key, refusal))
    assert only_child(market, job).phase is Phase.FAILED
    effects = market.job(job.job_id).effects
    assert effects is not None and effects.children == () and root(market) is None


def test_units_that_moved_are_followed_by_all_effects_whatever_else_was_spent() -> None:
    market = Market(units=2_000)
    job = held_back(market)
    other = market.submit(resource_amount=1_860, budget=1_860)
    market.offer(other, 0, price=1_860, units=10)
    market.offer(other, 1, price=1_860, units=10)
    market.accept(other)
    market.within(lambda tx: tx.blocks.delete(VALUE_CID))
    market.forward(market.held_back[0])
    effects = market.job(job.job_id).effects
    assert effects is not None and effects.reason == "", effects
    assert root(market) is not None
    assert only_child(market, job).phase is Phase.SUBMITTED


def test_child_that_was_withdrawn_before_the_units_moved_stays_withdrawn() -> None:
    market = Market()
    job = held_back(market)
    child_id = only_child(market, job).job_id
    market.within(lambda tx: market.actor.cancel(tx, child_id, "no", market.now))
    market.forward(market.held_back[0])
    assert market.job(child_id).phase is Phase.CANCELLED
    effects = market.job(job.job_id).effects
    assert effects is not None and effects.reason == ""


def test_child_whose_time_was_over_before_the_units_moved_expires() -> None:
    market = Market()
    job = held_back(market)
    child_id = only_child(market, job).job_id
    market.skip(4_000_000)
    market.forward(market.held_back[0])
    market.tick()
    assert market.job(child_id).phase is Phase.EXPIRED
    assert market.job(job.job_id).effects is not None


def test_units_and_children_that_are_too_much_together_move_nothing() -> None:
    market = Market(units=5_000)
    job = run_job(
        market, send(4_000), child(600), child(600), children=Children(depth=1, budget=1_200)
    )
    assert job.effects is not None
    assert job.effects.reason.startswith(EffectFault.CHILD_REFUSED.value)
    assert "5200 needed" in job.effects.reason
    assert market.mails(Transfer) == []


def test_children_over_the_delegated_budget_stop_all_effects() -> None:
    market = Market()
    job = run_job(market, WRITE, child(30), child(30), children=Children(depth=1, budget=50))
    assert job.effects is not None
    assert job.effects.reason.startswith(EffectFault.CHILD_REFUSED.value)
    assert job.effects.children == ()
    assert root(market) is None


def test_cancelling_a_job_cancels_its_tree() -> None:
    market = Market()
    job = run_job(market, child(10), child(20), children=Children(depth=1, budget=50))
    assert job.effects is not None
    market.within(lambda tx: market.actor.cancel(tx, job.job_id, "enough", market.now))
    phases = {market.job(each).phase for each in job.effects.children}
    assert phases == {Phase.CANCELLED}
    assert market.job(job.job_id).phase is Phase.VERIFIED


def test_a_result_without_effects_changes_nothing() -> None:
    market = Market()
    job = market.verify(market.assign(), result())
    assert job.effects is None
    assert root(market) is None
