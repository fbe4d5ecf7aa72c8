"""Jobs from end to end over the actors that ship, real files, processes and executions."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from driving_processes import await_lines, mesh_driver
from embedded_mesh import (
    ANSWER,
    ANSWER_CID,
    ENDED,
    ENDLESS_CID,
    GRANT,
    answer,
    balances,
    endless,
    findings_of,
    opened,
)
from saying import STILL_RUNNING

from mesh.actors.base import REFUSALS
from mesh.actors.issuer.rows import ATTEMPTS
from mesh.core.jobs.job import Phase
from mesh.core.records.settlement import Ground, Settlement
from mesh.embedded.driving.set_aside import set_aside_rows
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.jobs.progress_events import (
    Anchored,
    Attested,
    Awarded,
    BidArrived,
    Ended,
    ProgressEvent,
    ReceiptStored,
    StatusChanged,
    Submitted,
)
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import decode
from runtime.content.did import Did
from runtime.identity import signed
from runtime.identity.keys import verify
from runtime.terminal.errors import CommandError


def ends_of(process: "subprocess.Popen[str]") -> list[str]:
    """How the jobs of a process have ended, when they all have."""
    assert process.stdout is not None
    last = next(line.split() for line in process.stdout if line.startswith(ENDED))
    return last[1:]


LATE_VOTE = ("OVER", "Attestation")


def nothing_went_wrong(mesh: EmbeddedMesh) -> None:
    """Nothing was set aside, no message refused, and nothing is waited for any more; only a vote
    for which the quorum was waited out may have been refused, as the machine's load decides."""
    with mesh.store.view() as view:
        assert set_aside_rows(view) == ()
        attempts = view.rows(mesh.identities.issuer, ATTEMPTS).select()
        waited_out = [each for each in attempts if len(each.votes) < len(each.drawn)]
        for each in waited_out:
            assert each.settlement is not None and each.enough_at is not None
            settled = mesh.archive.get(
                view.blocks(mesh.identities.issuer), Settlement, each.settlement
            )
            # Whole seconds of the wall clock; a lease is of the monotonic one.
            waited = settled.body.issued_at - each.enough_at.wall
            assert waited >= each.lease_ms // 1000 - 1, "nobody is given up earlier"
        allowed = {LATE_VOTE} if waited_out else set()
        for actor in mesh.actors:
            refused = {(row.reason, row.kind) for row in view.rows(actor.did, REFUSALS).select()}
            assert refused <= allowed
        assert view.open_work().count() == 0
        assert view.unanswered().count() == 0


def test_job_is_verified_by_all_who_were_drawn_and_paid(mesh: EmbeddedMesh) -> None:
    seen: list[ProgressEvent] = []
    job_id = mesh.submit(answer(), on_event=seen.append)
    assert mesh.drive([job_id], on_event=seen.append, auto_award=True) == {}
    job = mesh.job(job_id)
    assert job.phase is Phase.VERIFIED
    assert (job.confirmed, job.drawn) == (3, 3)
    assert job.output is not None
    assert decode(mesh.get_block(job.output)) == 42
    assert mesh.job_of_receipt(job.receipt) == job_id  # type: ignore[arg-type]
    assert findings_of(mesh, job_id) == ()
    assert job.settlement is not None
    paid = sum(each.amount for each in job.settlement.body.payments)
    assert balances(mesh) == {"compute": GRANT - paid}
    nothing_went_wrong(mesh)
    kinds = [type(each) for each in seen if not isinstance(each, BidArrived)]
    assert kinds == [
        Submitted,
        Awarded,
        StatusChanged,
        StatusChanged,
        StatusChanged,
        ReceiptStored,
        Anchored,
        Attested,
        Attested,
        Attested,
        Ended,
    ]


def test_bid_is_accepted_by_hand(mesh: EmbeddedMesh) -> None:
    job_id = mesh.submit(answer())
    assert mesh.drive([job_id]) == {}
    job = mesh.job(job_id)
    assert job.phase is Phase.SUBMITTED
    assert [bid.node_id for bid in job.bids] == ["mesh-node-2", "mesh-node-3", "mesh-node-1"]
    assert len({(bid.price, bid.estimated_seconds) for bid in job.bids}) > 1
    with pytest.raises(CommandError) as caught:
        mesh.accept(job_id, "mesh-node-9")  # type: ignore[arg-type]
    assert caught.value.code == "unknown-bid"
    mesh.accept(job_id, job.bids[1].node_id)
    assert mesh.job(job_id).phase is not Phase.SUBMITTED
    assert mesh.drive([job_id]) == {}
    assert mesh.job(job_id).phase is Phase.VERIFIED
    with pytest.raises(CommandError) as caught:
        mesh.accept(job_id, job.bids[0].node_id)
    assert caught.value.code == "job-not-open"


def test_what_a_process_has_signed_it_does_not_verify(
    mesh: EmbeddedMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cheapest(mesh)
    verified: list[Did] = []

    def noted(did: Did, message: bytes, signature: bytes) -> bool:
        verified.append(did)
        return verify(did, message, signature)

    monkeypatch.setattr(signed, "verify", noted)
    run_cheapest(mesh)
    assert verified == []


def run_cheapest(mesh: EmbeddedMesh) -> None:
    """Run a job of one unit: its verifiers are paid nothing, and compute its settlement again."""
    job_id = mesh.submit(answer(resource_amount=1))
    assert mesh.drive([job_id], auto_award=True) == {}
    assert mesh.job(job_id).phase is Phase.VERIFIED


def test_many_jobs_at_once(mesh: EmbeddedMesh) -> None:
    ids = mesh.submit_all(answer() for _ in range(40))
    assert mesh.drive(ids, auto_award=True) == {}
    assert {mesh.job(each).phase for each in ids} == {Phase.VERIFIED}
    nothing_went_wrong(mesh)


def test_refused_submission_writes_nothing(mesh: EmbeddedMesh) -> None:
    with pytest.raises(CommandError) as caught:
        mesh.submit_all((answer(), answer(budget=GRANT + 1)))
    assert caught.value.code.startswith(("token-", "submission-"))
    assert mesh.job_ids() == ()


def test_cancelled_job_stops_at_once_and_is_paid_while_another_goes_on(
    mesh: EmbeddedMesh, mesh_home: Path
) -> None:
    job_id = mesh.submit(endless())
    with mesh_driver(mesh_home, "drive", job_id) as driving:
        await_lines(driving, STILL_RUNNING)
        other = mesh.submit(answer())
        assert mesh.drive([other], auto_award=True) == {}
        assert mesh.job(other).phase is Phase.VERIFIED
        assert mesh.job(job_id).phase is Phase.RUNNING
        begun = time.monotonic()
        mesh.cancel(job_id, "enough")
        assert ends_of(driving) == ["Cancelled"]
        assert time.monotonic() - begun < 0.25
    job = mesh.job(job_id)
    assert job.phase is Phase.CANCELLED
    assert job.settlement is not None
    assert job.settlement.body.ground is Ground.CANCELLED
    (payment,) = job.settlement.body.payments
    assert payment.amount > 0
    assert job.award is not None
    assert payment.amount < job.award.price
    with pytest.raises(CommandError) as caught:
        mesh.cancel(job_id, "again")
    assert caught.value.code == "job-not-cancellable"


def test_job_of_a_killed_process_goes_on_in_the_same_attempt(
    mesh: EmbeddedMesh, mesh_home: Path
) -> None:
    ids = mesh.submit_all(answer() for _ in range(30))
    slow = mesh.submit(endless())
    with mesh_driver(mesh_home, "drive", slow, *ids) as driving:
        await_lines(driving, f"{slow} {Phase.RUNNING.value}")
        os.kill(driving.pid, signal.SIGKILL)
        driving.wait()
    assert mesh.drive(ids, auto_award=True) == {}
    for each in ids:
        job = mesh.job(each)
        assert job.phase is Phase.VERIFIED
        assert job.award is not None
        assert job.award.attempt == 1
    with pytest.raises(CommandError) as caught:
        mesh.drive([slow], timeout=0.5)
    assert caught.value.code == "timed-out"
    running = mesh.job(slow)
    assert running.phase is Phase.RUNNING
    assert running.award is not None
    assert running.award.attempt == 1
    mesh.cancel(slow, "enough")


def test_processes_share_a_home(mesh: EmbeddedMesh, mesh_home: Path) -> None:
    ids = mesh.submit_all(answer() for _ in range(20))
    with (
        mesh_driver(mesh_home, "submit", "20") as one,
        mesh_driver(mesh_home, "submit", "20") as two,
    ):
        assert mesh.drive(ids, auto_award=True) == {}
        assert ends_of(one) == ["Verified"] * 20
        assert ends_of(two) == ["Verified"] * 20
    assert {mesh.job(each).phase for each in mesh.job_ids()} == {Phase.VERIFIED}
    assert len(mesh.job_ids()) == 60
    nothing_went_wrong(mesh)


def test_second_founder_finds_the_mesh_founded(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with mesh_driver(home, "submit", "1") as one, mesh_driver(home, "submit", "1") as two:
        assert ends_of(one) == ends_of(two) == ["Verified"]
    with opened(home) as mesh:
        assert len(mesh.job_ids()) == 2
        assert mesh.get_block(ANSWER_CID) == ANSWER


def test_block_that_nobody_has_is_named(mesh: EmbeddedMesh) -> None:
    assert mesh.has_block(ENDLESS_CID)
    assert mesh.find_block(str(ENDLESS_CID)[-8:]) == ENDLESS_CID
    with pytest.raises(CommandError) as caught:
        mesh.get_block(cid_of(b"nobody has this", Codec.RAW))
    assert caught.value.code == "block-missing"


def test_work_that_was_handed_back_goes_on_in_the_same_process(mesh: EmbeddedMesh) -> None:
    second = mesh.submit(endless(resource_amount=900))
    mesh.command(lambda tx, now: mesh.submitter.auto_award(tx, second, now, is_on=True))
    first = mesh.submit(answer())
    assert mesh.drive([first], auto_award=True) == {}
    assert not mesh.job(second).is_final
    assert mesh.drive([second], timeout=30) == {}
    assert mesh.job(second).phase is Phase.VERIFIED
    assert mesh.job(second).award is not None and mesh.job(second).award.attempt == 1
