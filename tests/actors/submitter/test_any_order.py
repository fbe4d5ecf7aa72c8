"""Records of a job in any order and twice: the same job, and the same evidence."""

from random import Random
from typing import Any

import pytest
from market_actors import Mail
from submitting import Market

from mesh.actors.submitter.evidence import reputation_of
from mesh.actors.submitter.rows import EVIDENCE, SUMMARIES, TALLIES
from mesh.core.jobs.job import Job, Phase
from mesh.core.market.reputation import Evidence, Tally, reputation, tally_of
from runtime.content.did import Did
from runtime.execution.execution import OutcomeKind
from runtime.identity.signed import Signed


def everything(*, sealed: bool) -> tuple[Market, list[tuple[Signed[Any], tuple[bytes, ...]]], Job]:
    """A market in which a job was awarded, and all records of its attempt, none of them delivered
    to the submitter."""
    market = Market(sealed=sealed)
    job = market.submit()
    for number in (0, 1):
        market.offer(job, number)
    market.is_held_back = lambda mail: mail.to == market.submitter.did
    market.accept(job)
    records: list[tuple[Signed[Any], tuple[bytes, ...]]] = []

    def show(record: Signed[Any], *attached: bytes) -> None:
        market.deliver(record, *attached, to=market.issuer_key.did)
        if not sealed:
            records.append((record, attached))

    show(market.progress())
    if sealed:
        show(market.seal(market.node))
        for key in market.drawn:
            show(market.seal(key))
    receipt, anchor, block = market.receipt(market.asked(job))
    show(receipt, anchor.block, block)
    for key in market.drawn:
        show(*market.attestation(key))
    records += [(mail.record, mail.attached) for mail in market.held_back]
    return market, records, job


def significant(job: Job) -> dict[str, Any]:
    """A job without what says only how often and when it changed."""
    left = {"revision", "changed_at"}
    return {name: getattr(job, name) for name in Job.__struct_fields__ if name not in left}


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_any_order_gives_the_same_job(seed: int, sealed: bool) -> None:
    market, records, job = everything(sealed=sealed)
    dice = Random(seed)
    wanted = records * 2
    if seed:
        dice.shuffle(wanted)
    for record, attached in wanted:
        market.deliver(record, *attached)
    after = market.job(job.job_id)
    assert after.phase is Phase.VERIFIED
    reference, in_order, first = everything(sealed=sealed)
    for record, attached in in_order:
        reference.deliver(record, *attached)
    assert significant(after) == significant(reference.job(first.job_id))
    assert market.within(lambda tx: tx.rows(EVIDENCE).select()) == reference.within(
        lambda tx: tx.rows(EVIDENCE).select()
    )
    assert market.replayed(job.job_id) == after
    listed = market.within(lambda tx: tx.rows(SUMMARIES).get(job.job_id))
    assert listed is not None
    assert (listed.phase, listed.receipt, listed.changed_at) == (
        Phase.VERIFIED,
        after.receipt,
        after.changed_at,
    )
    price = market.within(lambda tx: tx.rows(EVIDENCE).select(limit=1))[0].value
    assert (listed.node_id, listed.price, listed.outcome) == (
        after.node_id,
        price,
        OutcomeKind.SUCCEEDED,
    )
    assert "INCONSISTENT" not in market.refusals()


def scores(market: Market) -> dict[Did, int]:
    everyone = (*market.nodes, *market.verifiers)
    return market.within(lambda tx: {key.did: reputation_of(tx, key.did).score for key in everyone})


def settled(market: Market) -> list[Mail]:
    """Two jobs, one of them lost, whose settlements were held back."""
    market.is_held_back = lambda mail: (
        mail.to == market.submitter.did and type(mail.record.body).__name__ == "Settlement"
    )
    market.verify(market.assign())
    market.assign()
    market.wait(10_000)
    return list(market.held_back)


@pytest.mark.parametrize("turned", [False, True])
def test_reputation_is_the_same_in_any_order(turned: bool) -> None:
    market = Market()
    mails = settled(market)
    assert len(mails) == 2
    for mail in mails[::-1] if turned else mails:
        market.deliver(mail.record, *mail.attached)
    found = scores(market)
    assert found[market.node.did] == 50  # one job of 107 that went well, one of 107 that was lost
    assert found[market.other_node.did] == 50
    assert found[market.verifiers[0].did] > 50
    rows = market.within(lambda tx: tx.rows(EVIDENCE).select())
    for tally in market.within(lambda tx: tx.rows(TALLIES).select()):
        of_member = [(row.kind, row.value) for row in rows if row.member == tally.member]
        assert tally.tally == tally_of(of_member) != Tally()


def test_evidence_within_one_cooperative_does_not_count() -> None:
    market = Market(cooperatives={"node-0": "ours", "submitter": "ours"})
    market.verify(market.assign())
    assert scores(market)[market.node.did] == 50
    assert scores(market)[market.verifiers[0].did] > 50


def score(*found: tuple[Evidence, int]) -> int:
    return reputation(tally_of(found)).score


def test_evidence_weighs_by_value() -> None:
    good, bad = (Evidence.VERIFIED, 1_000), (Evidence.LEASE_LOST, 10)
    assert score(good, bad) == score(bad, good)
    assert score(good, bad) > score((good[0], 10), (bad[0], 1_000))
    assert score((Evidence.DISPUTED, 10)) == score((Evidence.LEASE_LOST, 100))
    assert score((Evidence.GAVE_UP, 10)) == score((Evidence.LEASE_LOST, 1))
    assert reputation(Tally(), faults=1).score < 10
    assert not reputation(Tally()).is_evident
    assert reputation(tally_of([bad])).is_evident
    assert tally_of([good, bad]).plus(*good, times=-1) == tally_of([bad])
