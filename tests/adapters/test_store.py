"""What every store promises, whichever adapter keeps it."""

import pytest
from meshfolk import START, key
from meshnet import CALM, Weather
from village import Village

from mesh import events as ev
from mesh.core.ids import new_job_id
from mesh.core.ports.blocks import BlockError, BlockFault
from mesh.events import JobKey, Stored
from mesh.job import Effect, Job, Phase
from mesh.ports import ChainKind, Head, Store, Work
from mesh.records import Priority
from mesh.reputation import Evidence, Tally
from mesh.step import Step, step
from runtime.content.cid import Cid, Codec, cid_of

ALICE, BOB = key("alice").did, key("bob").did
ONE = cid_of(b"one", Codec.RAW)
TWO = cid_of(b"two", Codec.RAW)


class Abandoned(Exception):
    """Raised inside a transaction to have it undone."""


def job_key(number: int = 1, submitter: str = "alice") -> JobKey:
    return JobKey(
        submitter=key(submitter).did, job_id=new_job_id(START * 1000, number.to_bytes(10, "big"))
    )


def created(manifest: Cid = ONE, expires_at: int = START + 60) -> ev.JobCreated:
    return ev.JobCreated(
        manifest=manifest,
        bid_deadline=START,
        expires_at=expires_at,
        quorum=2,
        verifiers=3,
        priority=Priority.MEDIUM,
    )


def stepped(job: Job | None, name: JobKey, event: ev.Event) -> tuple[Job, Stored]:
    after = step(job, name, event, START)
    assert isinstance(after, Step)
    return after.job, Stored(number=after.job.revision, at=START, event=event)


# --- blocks


def test_block_comes_back_as_it_was_put(store: Store) -> None:
    data = b"some bytes"
    cid = cid_of(data, Codec.RAW)
    with store.write() as tx:
        tx.blocks.put(cid, data)
        tx.blocks.put(cid, data)
    with store.read() as tx:
        assert tx.blocks.get(cid) == data
        assert tx.blocks.has(cid) and tx.blocks.size(cid) == len(data)
        assert tx.blocks.get(ONE) is None
        assert not tx.blocks.has(ONE) and tx.blocks.size(ONE) is None
    with store.write() as tx:
        assert tx.blocks.delete(cid)
        assert not tx.blocks.delete(cid)
        assert tx.blocks.get(cid) is None


def test_block_under_another_cid_is_refused(store: Store) -> None:
    with pytest.raises(BlockError) as raised, store.write() as tx:
        tx.blocks.put(ONE, b"two")
    assert raised.value.fault is BlockFault.MISMATCH


def test_quota_of_blocks_is_kept(store: Store) -> None:
    first, second = bytes(3000), bytes(2000)
    with store.write() as tx:
        tx.blocks.put(cid_of(first, Codec.RAW), first)
    with pytest.raises(BlockError) as raised, store.write() as tx:
        tx.blocks.put(cid_of(second, Codec.RAW), second)
    assert raised.value.fault is BlockFault.QUOTA
    with store.write() as tx:
        assert tx.blocks.delete(cid_of(first, Codec.RAW))
        tx.blocks.put(cid_of(second, Codec.RAW), second)


# --- transactions


def test_exception_undoes_everything(store: Store) -> None:
    name = job_key()
    job, stored = stepped(None, name, created())
    with store.write() as tx:
        tx.blocks.put(ONE, b"one")
        tx.evidence.add(ALICE, Evidence.VERIFIED, ONE, 1)
        tx.work.put(work("a"))
        tx.work.put(work("b"))
    with pytest.raises(Abandoned), store.write() as tx:
        tx.blocks.put(TWO, b"two")
        tx.blocks.delete(ONE)
        assert tx.jobs.append(job, stored)
        assert tx.chains.advance(ChainKind.ANCHORS, ALICE, Head(sequence=1, record=ONE))
        tx.evidence.add(ALICE, Evidence.VERIFIED, TWO, 1)
        tx.work.done("a")
        tx.ledger.revoke(ONE)
        raise Abandoned
    with store.read() as tx:
        assert tx.blocks.has(ONE) and not tx.blocks.has(TWO)
        assert tx.jobs.get(name) is None and tx.jobs.history(name) == ()
        assert tx.chains.head(ChainKind.ANCHORS, ALICE) is None
        assert tx.evidence.tally(ALICE) == Tally(verified=1)
        assert [each.id for each in tx.work.pending()] == ["a", "b"]
        assert not tx.ledger.is_revoked(ONE)


# --- jobs


def test_job_and_its_history_come_back(store: Store) -> None:
    name = job_key()
    first, one = stepped(None, name, created())
    second, two = stepped(first, name, ev.JobSubmitted())
    third, three = stepped(
        second, name, ev.BidReceived(bid=TWO, bidder=BOB, node_id="n", expires_at=START + 60)
    )  # type: ignore[arg-type]
    with store.write() as tx:
        assert tx.jobs.append(first, one)
        assert tx.jobs.append(second, two)
    with store.write() as tx:
        assert tx.jobs.append(third, three)
    with store.read() as tx:
        assert tx.jobs.get(name) == third
        assert tx.jobs.history(name) == (one, two, three)
        assert tx.jobs.history(name, after=2) == (three,)


def test_only_the_next_event_is_appended(store: Store) -> None:
    name = job_key()
    first, one = stepped(None, name, created())
    second, two = stepped(first, name, ev.JobSubmitted())
    with store.write() as tx:
        assert not tx.jobs.append(second, two)
        assert tx.jobs.append(first, one)
        assert not tx.jobs.append(first, one)
        assert tx.jobs.append(second, two)
        other, late = stepped(first, name, ev.JobRefused(reason="no"))
        assert not tx.jobs.append(other, late)
        assert tx.jobs.get(name) == second
        assert tx.jobs.history(name) == (one, two)


def test_jobs_are_found_by_id_phase_and_deadline(store: Store) -> None:
    jobs = [
        stepped(None, job_key(1), created(expires_at=START + 30)),
        stepped(None, job_key(1, "bob"), created(expires_at=START + 10)),
        stepped(None, job_key(2), created(expires_at=START + 20)),
    ]
    with store.write() as tx:
        for job, stored in jobs:
            assert tx.jobs.append(job, stored)
        cancelled, stored = stepped(
            jobs[2][0], job_key(2), ev.JobCancelled(cancel=TWO, settlement=None, reason="")
        )
        assert tx.jobs.append(cancelled, stored)
    with store.read() as tx:
        alices, bobs = jobs[0][0], jobs[1][0]
        assert sorted(
            each.key.submitter for each in tx.jobs.by_job_id(job_key(1).job_id)
        ) == sorted((ALICE, BOB))
        assert tx.jobs.by_job_id(job_key(3).job_id) == ()
        assert tx.jobs.in_phases(frozenset({Phase.CREATED})) == (alices, bobs)
        assert tx.jobs.in_phases(frozenset(Phase)) == (alices, bobs, cancelled)
        assert tx.jobs.due(START + 9) == ()
        assert tx.jobs.due(START + 30) == (bobs, alices)


# --- state


def test_state_root_is_compared_and_set(store: Store) -> None:
    with store.write() as tx:
        assert tx.state.root(ALICE) is None
        assert not tx.state.advance(ALICE, ONE, TWO)
        assert tx.state.advance(ALICE, None, ONE)
        assert not tx.state.advance(ALICE, None, TWO)
        assert tx.state.root(ALICE) == ONE
    with pytest.raises(Abandoned), store.write() as tx:
        assert tx.state.advance(ALICE, ONE, TWO)
        assert tx.state.advance(BOB, None, TWO)
        raise Abandoned
    with store.write() as tx:
        assert (tx.state.root(ALICE), tx.state.root(BOB)) == (ONE, None)
        assert tx.state.advance(BOB, None, ONE)
        assert tx.state.advance(ALICE, ONE, TWO)
        assert tx.state.owners() == tuple(sorted(((ALICE, TWO), (BOB, ONE))))
    with store.read() as tx:
        assert tx.state.owners() == tuple(sorted(((ALICE, TWO), (BOB, ONE))))


# --- work, chains, evidence


def work(name: str, number: int = 1) -> Work:
    return Work(id=name, job=job_key(number), effect=Effect.EXECUTE, actor=BOB, attempt=1)


def test_work_is_kept_until_it_is_done_and_never_comes_back(store: Store) -> None:
    with store.write() as tx:
        for number in (1, 2):
            assert tx.jobs.append(*stepped(None, job_key(number), created()))
        for each in (work("b"), work("a"), work("c", 2), work("b")):
            tx.work.put(each)
    with store.write() as tx:
        assert tx.work.pending() == (work("b"), work("a"), work("c", 2))
        assert tx.work.pending(job_key(1)) == (work("b"), work("a"))
        tx.work.done("b")
        tx.work.done("b")
        tx.work.put(work("b"))
    with store.read() as tx:
        assert tx.work.pending(job_key(1)) == (work("a"),)


def test_chain_grows_by_one_and_has_no_forks(store: Store) -> None:
    anchors, receipts = ChainKind.ANCHORS, ChainKind.RECEIPTS
    with store.write() as tx:
        assert not tx.chains.advance(anchors, ALICE, Head(sequence=2, record=ONE))
        assert tx.chains.advance(anchors, ALICE, Head(sequence=1, record=ONE))
        assert not tx.chains.advance(anchors, ALICE, Head(sequence=1, record=TWO))
        assert tx.chains.advance(anchors, ALICE, Head(sequence=2, record=TWO))
        assert tx.chains.advance(anchors, BOB, Head(sequence=1, record=TWO))
        assert tx.chains.head(receipts, ALICE) is None
    with store.read() as tx:
        head = Head(sequence=2, record=TWO)
        assert tx.chains.head(anchors, ALICE) == head
        assert tx.chains.at(anchors, ALICE, 1) == ONE
        assert tx.chains.at(anchors, ALICE, 3) is None
        expected = sorted([(ALICE, head), (BOB, Head(sequence=1, record=TWO))])
        assert tx.chains.heads(anchors) == tuple(expected)
        assert tx.chains.heads(receipts) == ()


def test_same_evidence_counts_once(store: Store) -> None:
    with store.write() as tx:
        for _ in range(2):
            tx.evidence.add(ALICE, Evidence.LEASE_LOST, ONE, 1)
        tx.evidence.add(ALICE, Evidence.LEASE_LOST, ONE, 2)
        tx.evidence.add(ALICE, Evidence.DISSENTED, ONE, 2)
        assert tx.evidence.tally(ALICE) == Tally(lease_lost=2, dissented=1)
    with store.read() as tx:
        assert tx.evidence.tally(ALICE) == Tally(lease_lost=2, dissented=1)
        assert tx.evidence.tally(BOB) == Tally()


STORM = Weather(drop=0.2, duplicate=0.2, crash=0.05, delay_seconds=5)


@pytest.mark.parametrize("weather", [CALM, STORM], ids=["calm", "storm"])
def test_whole_mesh_runs_on_it(roomy_store: Store, weather: Weather) -> None:
    village = Village(store=roomy_store, weather=weather, seed=3)
    keys = [village.submit(number) for number in (1, 2)]
    village.run()
    assert [village.job(each).phase for each in keys] == [Phase.VERIFIED] * 2
    village.audit()
