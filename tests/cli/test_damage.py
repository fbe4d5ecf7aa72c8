"""Damaged or lost blocks: each command names them, and none reports an internal error."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from embedded_mesh import ANSWER, ENDLESS_CID, found, opened, put_block

from mesh.actors.submitter.rows import STATEMENTS
from mesh.cli.app import run
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs.request import JobRequest
from mesh.core.records.registry import read
from mesh.core.records.settlement import Statement
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Cid, Codec
from runtime.identity.signed import RecordError

Damage = Callable[[sqlite3.Connection, Cid], None]


def _number(database: sqlite3.Connection, cid: Cid) -> int:
    sql = "SELECT number FROM names WHERE name = ?"
    (number,) = database.execute(sql, (cid.raw,)).fetchone()
    return int(number)


def _change(database: sqlite3.Connection, cid: Cid) -> None:
    number = _number(database, cid)
    (data,) = database.execute("SELECT data FROM blocks WHERE number = ?", (number,)).fetchone()
    changed = bytes([data[0] ^ 1]) + data[1:]
    database.execute("UPDATE blocks SET data = ? WHERE number = ?", (changed, number))


def _remove(database: sqlite3.Connection, cid: Cid) -> None:
    number = _number(database, cid)
    database.execute("DELETE FROM held WHERE block = ?", (number,))
    database.execute("DELETE FROM blocks WHERE number = ?", (number,))
    database.execute("UPDATE block_total SET bytes = (SELECT COALESCE(SUM(size), 0) FROM blocks)")


DAMAGES: tuple[Damage, ...] = (_change, _remove)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[JobId, JobId]]:
    """A home with two verified jobs, to be copied."""
    home = tmp_path_factory.mktemp("damage") / "home"
    found(home)
    with opened(home) as mesh:
        jobs = (_job(mesh, "first"), _job(mesh, "second"))
        mesh.drive(jobs, auto_award=True)
    return home, jobs


@pytest.fixture
def home(done: tuple[Path, tuple[JobId, JobId]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(done[0], tmp_path / "home"))


OLD_STATEMENT = "Statement that a newer one has replaced"


def _job(mesh: EmbeddedMesh, description: str) -> JobId:
    module = put_block(mesh, ANSWER)
    return mesh.submit(JobRequest(module=module, resource_amount=10, description=description))


def _blocks(home: Path) -> dict[Cid, str]:
    """Lists every stored block with the kind of its record."""
    kinds = {}
    with opened(home) as mesh, mesh.store.view() as view:
        newest = {row.statement for row in view.rows(mesh.owner, STATEMENTS).select()}
        for cid in view.cids(mesh.owner):
            data = view.blocks(mesh.owner).get(cid)
            assert data is not None
            try:
                kind = type(
                    read(data, None if cid == mesh.members.mesh else mesh.members.mesh).body
                )
                kinds[cid] = kind.__name__
                if kind is Statement and cid not in newest:
                    kinds[cid] = OLD_STATEMENT
            except RecordError:
                kinds[cid] = "module" if cid.codec is Codec.RAW else "data"
    return kinds


def _damaged(done: Path, to: Path, cid: Cid, damage: Damage) -> Path:
    shutil.copytree(done, to)
    database = sqlite3.connect(to / "mesh.sqlite")
    with database:
        damage(database, cid)
    database.close()
    return to


def _commands(job: JobId) -> Iterator[tuple[str, ...]]:
    yield ("list-jobs",)
    yield ("list-nodes",)
    yield ("tokens", "balance")
    yield ("job-status", job)
    yield ("get-bids", "--job-id", job)
    yield ("results", job)
    yield ("logs", job)
    yield ("receipt", job)
    yield ("verify", job, "--no-reexecute")


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_block_is_named_by_doctor_and_breaks_no_command(
    done: tuple[Path, tuple[JobId, JobId]],
    tmp_path: Path,
    damage: Damage,
    capfd: pytest.CaptureFixture[str],
) -> None:
    home, (job, _) = done
    for number, (cid, kind) in enumerate(_blocks(home).items()):
        broken = _damaged(home, tmp_path / str(number), cid, damage)
        for command in _commands(job):
            code = run([*command, "--mesh-home", str(broken)])
            said = capfd.readouterr()
            assert code in (0, 1, 3, 8), (kind, command, said)
            assert (code == 0) or "error[" in said.err, (kind, command)
        code = run(["doctor", "--no-execute", "--mesh-home", str(broken)])
        said = capfd.readouterr()
        if damage is _remove and (cid == ENDLESS_CID or kind == OLD_STATEMENT):
            assert code == 0, "no row or record needs it"
        else:
            assert str(cid) in said.out + said.err, kind
            assert code == (
                1 if kind not in ("Genesis", "Membership") else 8 if damage is _change else 3
            ), kind
        shutil.rmtree(broken)


@pytest.mark.parametrize("damage", DAMAGES)
def test_one_damaged_job_does_not_hide_the_others(
    done: tuple[Path, tuple[JobId, JobId]],
    tmp_path: Path,
    damage: Damage,
    capfd: pytest.CaptureFixture[str],
) -> None:
    home, (first, second) = done
    with opened(home) as mesh:
        receipt = mesh.job(first).receipt
    assert receipt is not None
    broken = _damaged(home, tmp_path / "home", receipt, damage)
    assert run(["list-jobs", "-o", "json", "--mesh-home", str(broken)]) == 0
    said = capfd.readouterr()
    bad, good = json.loads(said.out)["jobs"]
    assert (bad["job_id"], bad["state"], good["job_id"]) == (first, "Verified", second)
    assert (bad["receipt"], good["description"]) == (str(receipt), "second")
    assert run(["job-status", first, "--mesh-home", str(broken)]) != 0
    code = "block-tampered" if damage is _change else "block-missing"
    said = capfd.readouterr()
    assert f"[{code}]" in said.err
    assert str(receipt) in said.err


def test_doctor_names_unfinished_jobs_with_their_holds(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with opened(home) as mesh:
        job = _job(mesh, "paused")
        mesh.drive((job,))
        mesh.accept(job, NodeId("mesh-node-2"))
    assert run(["doctor", "--no-execute", "--mesh-home", str(home)]) == 0
    said = capfd.readouterr().out
    assert f"job {job} is Running, 2 units held; to continue: meshctl job-status {job}" in said
