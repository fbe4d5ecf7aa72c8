"""Pruning: what goes, what stays provable, what is refused again, and what a job then takes."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from ended_jobs import measured_home, pruned
from home_rows import rows_of
from msgspec.structs import replace
from populated_home import Built
from whole_home import WholeHome

from mesh.actors.executions import EXECUTIONS
from mesh.actors.issuer.rows import ATTEMPTS
from mesh.actors.submitter.rows import JOBS
from mesh.core.jobs.job import Phase
from mesh.core.ports.messages import Envelope
from mesh.core.proofs.check import verify_proof
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid, Decline
from mesh.core.records.membership import Fault
from mesh.core.records.registry import sign
from mesh.core.records.settlement import Answer
from mesh.core.records.work import Anchor, Hold, Receipt
from mesh.queries.audit.reading import Home
from mesh.queries.jobs.view import job_view
from mesh.queries.upkeep.checks import proof_of
from runtime.tokens.token import ResourceToken

JOBS_MEASURED = 40
JOB_BYTES_MAX = {False: 7 * 1024, True: 9 * 1024}
"""Of the file, for a verified job with three verifiers, by whether results are sealed."""


def verified(home: WholeHome) -> dict[str, bool]:
    """Whether the proof of each job that has a hold has no findings."""
    found = {}
    with home.store.view() as view:
        reader = home.reader(view)
        for row in reader.rows(JOBS).select():
            job_view(reader, row)
            if row.phase is Phase.VERIFIED:
                proof = proof_of(reader, row)
                checked = verify_proof(proof, mesh=home.archive.mesh, reexecute=None, now=home.wall)
                found[row.job_id] = checked.findings == () and checked.missing == ()
    return found


def test_pruned_home_is_clean_and_every_proof_stands(home: WholeHome) -> None:
    before = verified(home)
    assert before and all(before.values())
    done = pruned(home)
    assert done.rows and done.blocks and done.bytes
    assert [str(each) for each in home.audit()] == []
    assert verified(home) == before
    home.later(5)
    assert home.audit() == ()


def test_trial_says_what_goes_and_changes_nothing(home: WholeHome) -> None:
    before = rows_of(home.path)
    tried = pruned(home, is_tried=True)
    assert rows_of(home.path) == before
    assert pruned(home) == tried
    again = pruned(home)
    assert (again.rows, again.blocks, again.bytes) == (0, 0, 0)


def test_jobs_that_run_or_ended_later_are_left(home: WholeHome, whole: Built) -> None:
    done = pruned(home)
    assert whole.jobs["running"] not in done.jobs
    assert whole.jobs["waiting"] not in done.jobs
    assert whole.jobs["sum"] in done.jobs


def test_only_jobs_before_the_bound_are_pruned(home: WholeHome, whole: Built) -> None:
    with home.store.view() as view:
        row = home.reader(view).rows(JOBS).get(whole.jobs["write"])
    assert row is not None
    done = pruned(home, before=row.changed_at)
    assert done.jobs == (whole.jobs["sum"],)
    assert home.audit() == ()


def test_declines_and_lost_bids_are_gone_and_bids_of_holds_are_left(home: WholeHome) -> None:
    pruned(home)
    with home.store.view() as view:
        whole_home = Home(view, home.archive, home.founding.members, home.wall)
        submitter = whole_home.actors[home.actors.submitter.did]
        held = {each.body.bid for each in submitter.all(Hold)}
        waiting = {row.manifest for row in submitter.rows(JOBS) if not row.job.is_final}
        for bid in submitter.all(Bid):
            assert bid.cid in held or bid.body.job in waiting
        assert all(each.body.job in waiting for each in submitter.all(Decline))
        for did in (each.did for each in home.actors.nodes):
            rows = whole_home.actors[did].rows(EXECUTIONS)
            assert all(row.is_open for row in rows)


def test_repeats_change_nothing_after_pruning(home: WholeHome) -> None:
    pruned(home)
    issuer = home.actors.issuer
    with home.store.view() as view:
        stored = Home(view, home.archive, home.founding.members, home.wall).actors[issuer.did]
        attempt = next(each for each in stored.rows(ATTEMPTS) if each.result and not each.is_open)
        assert attempt.result is not None
        hold, award = stored.get(Hold, attempt.hold), stored.get(Award, attempt.award)
        manifest = stored.get(JobManifest, attempt.job)
        receipt = stored.get(Receipt, attempt.result.receipt)
        anchor = stored.get(Anchor, attempt.result.anchor)
        bid = stored.get(Bid, attempt.bid)
        attempts = len(stored.rows(ATTEMPTS))
    assert hold and award and manifest and receipt and anchor and bid
    home.receive(issuer, award, manifest, bid)
    home.receive(issuer, receipt, anchor)
    node = next(each for each in home.actors.nodes if each.did == attempt.executor)
    home.receive(node, hold, award, manifest, bid)
    assert home.work() == 0, "nothing is executed again"
    with home.store.view() as view:
        assert view.rows(issuer.did, ATTEMPTS).count() == attempts
    assert home.audit() == ()


def test_other_award_for_a_pruned_attempt_is_refused(home: WholeHome) -> None:
    """The first award that was stored decides for ever, and a job id stays taken."""
    pruned(home)
    issuer, submitter = home.actors.issuer, home.actors.submitter
    with home.store.view() as view:
        stored = Home(view, home.archive, home.founding.members, home.wall).actors[issuer.did]
        attempt = next(each for each in stored.rows(ATTEMPTS) if each.result)
        award, bid = stored.get(Award, attempt.award), stored.get(Bid, attempt.bid)
        manifest = stored.get(JobManifest, attempt.job)
        assert award and bid and manifest
        token = stored.get(ResourceToken, manifest.body.resource_token)
        context = stored.data(award.body.context)
        holds = len(stored.own(Hold))
    assert token is not None and context is not None
    again = sign(replace(award.body, fuel_limit=1), mesh=home.archive.mesh, key=submitter.key)
    same_id = sign(
        replace(manifest.body, description="another"), mesh=home.archive.mesh, key=submitter.key
    )
    other = sign(replace(award.body, job=same_id.cid), mesh=home.archive.mesh, key=submitter.key)
    for record, job in ((again, manifest), (other, same_id)):
        blocks = (record.block, job.block, bid.block, token.block, context)
        envelope = Envelope(sender=submitter.did, to=issuer.did, blocks=blocks)
        home.command(issuer, lambda tx, now, sent=envelope: issuer.receive(tx, sent, now))
    with home.store.view() as view:
        after = Home(view, home.archive, home.founding.members, home.wall).actors[issuer.did]
        assert len(after.own(Hold)) == holds
        reasons = {each.body.reason for each in after.own(Answer) if not each.body.accepted}
        assert after.own(Fault), "a second manifest of a job id is made known"
    assert {"other-award-stored", "job-id-taken"} <= reasons
    assert home.audit() == ()


# --- what a job takes


@pytest.mark.parametrize("sealed", [False, True], ids=["unsealed", "sealed"])
def test_ended_and_pruned_job_takes_few_bytes(tmp_path: Path, sealed: bool) -> None:
    home, size = measured_home(tmp_path / "mesh.db", sealed=sealed, jobs=JOBS_MEASURED)
    assert home.audit() == ()
    assert all(verified(home).values())
    home.close()
    assert size <= JOB_BYTES_MAX[sealed]


def test_home_is_the_same_after_its_file_was_compacted(home: WholeHome) -> None:
    proofs = verified(home)
    home.store.compact(nullcontext)
    assert home.audit() == ()
    assert verified(home) == proofs
    home.run()
    home.later(5)
    assert home.audit() == ()
