"""A disk that takes no more: the first error is the true one, and nothing is half done.

The limit of a file's size stands for a full disk: a real refusal of the system, which every
user may set and take back.
"""

import errno
import os
import re
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from changed_mesh import audit, open_at
from embedded_mesh import ANSWER, ENVIRONMENT, answer, found, put_block
from meshcommand import ECHO

from mesh.actors.stores import DeliveryTransaction
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.cli.app import run
from mesh.core.jobs.job import Phase
from mesh.embedded.machine import clock
from mesh.embedded.mesh import EmbeddedMesh
from mesh.embedded.rows import HOME
from mesh.embedded.tables import TABLES
from mesh.home.home import Home, find_home
from mesh.home.locks import actor_lock, passing_lock
from runtime.content.cid import Cid, Codec, cid_of
from runtime.platform.private_files import put_once
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.full_disk import disk_full_error


@contextmanager
def files_of_at_most(length: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("full") / "home"
    found(home)
    return home


@pytest.fixture
def home(founded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(founded, tmp_path / "home"))


def block(number: int) -> tuple[Cid, bytes]:
    data = bytes([number]) * 50_000
    return cid_of(data, Codec.RAW), data


def opened_store(folder: Path) -> SqliteStore:
    return SqliteStore(folder / "mesh.sqlite", TABLES, quota_bytes=1 << 30)


@contextmanager
def writing(store: SqliteStore) -> Iterator[DeliveryTransaction]:
    with store.turn(clock.now()) as turn, turn.delivery(HOME) as tx:
        yield tx


def is_named(problem: CommandError) -> bool:
    return (problem.code, problem.exit_code) == ("disk-full", ExitCode.FAILED) and bool(
        problem.hint
    )


@pytest.mark.parametrize("length", [0, 1, 4096, 20_000, 50_000, 100_000, 150_000])
def test_founding_without_room_is_finished_when_there_is_some(tmp_path: Path, length: int) -> None:
    home = tmp_path / "home"
    with files_of_at_most(length):
        try:
            EmbeddedMesh.open(home, environment=ENVIRONMENT).close()
        except CommandError as problem:
            assert is_named(problem), problem
            assert str(home) in problem.message
    assert not list(home.rglob(".*")), "no drafts are left"
    with open_at(home) as mesh:
        assert audit(mesh) == ()
        put_block(mesh, ANSWER)


@pytest.mark.parametrize("room", [0, 1000, 10_000, 100_000])
def test_write_without_room_changes_nothing_and_works_afterwards(home: Path, room: int) -> None:
    kept, lost = [block(0)], [block(number) for number in range(1, 5)]
    with open_at(home) as mesh:
        mesh.put_blocks(kept)
        log = home / "mesh.sqlite-wal"
        with files_of_at_most(log.stat().st_size + room), pytest.raises(CommandError) as caught:
            mesh.put_blocks(lost)
        assert is_named(caught.value)
        assert "mesh.sqlite" in caught.value.message
        assert [mesh.has_block(cid) for cid, _ in kept + lost] == [True] + 4 * [False]
        with open_at(home) as other:
            assert not other.has_block(lost[0][0])
        mesh.put_blocks(lost)
        assert mesh.has_block(lost[-1][0])
        assert audit(mesh) == ()
        assert mesh.store.check() == ()


def test_store_at_its_last_page_is_full(tmp_path: Path) -> None:
    store = opened_store(tmp_path)
    run_sql = store.database.connection.execute
    (pages,) = run_sql("PRAGMA page_count").fetchone()
    run_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(CommandError) as caught, writing(store) as tx:
        tx.blocks.put(*block(1))
    assert is_named(caught.value)
    run_sql("PRAGMA max_page_count = 1000000")
    with writing(store) as tx:
        assert not tx.blocks.has(block(1)[0])
        tx.blocks.put(*block(1))
    store.close()


def refuse_rollback(connection: sqlite3.Connection) -> None:
    """From now on SQLite itself refuses every ROLLBACK."""

    def authorize(action: int, first: str | None, *_: str | None) -> int:
        is_rollback = action == sqlite3.SQLITE_TRANSACTION and first == "ROLLBACK"
        return sqlite3.SQLITE_DENY if is_rollback else sqlite3.SQLITE_OK

    connection.set_authorizer(authorize)


def test_failed_rollback_does_not_hide_the_first_error(tmp_path: Path) -> None:
    store = opened_store(tmp_path)
    refuse_rollback(store.database.connection)
    with pytest.raises(ValueError, match="the first"), writing(store) as tx:
        tx.blocks.put(*block(1))
        raise ValueError("the first")
    with pytest.raises(CommandError) as caught, store.view():
        pass
    assert caught.value.code == "store-unusable"
    assert "not authorized" in caught.value.message
    store.close()
    again = opened_store(tmp_path)
    with again.view() as view:
        assert not view.blocks(HOME).has(block(1)[0])
    again.close()


def test_error_of_the_store_outlives_its_failed_rollback(tmp_path: Path) -> None:
    store = opened_store(tmp_path)
    refuse_rollback(store.database.connection)
    for _ in range(2):
        with pytest.raises(CommandError) as caught, writing(store):
            store.database.connection.execute("SELECT * FROM no_such_table")
        assert "no such table" in caught.value.message
    store.close()


def test_key_is_whole_or_not_there(tmp_path: Path) -> None:
    with files_of_at_most(10), pytest.raises(OSError) as caught:
        put_once(tmp_path / "a.key", bytes(100))
    assert caught.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


def test_locks_are_held_where_no_number_can_be_written(tmp_path: Path) -> None:
    home = find_home(tmp_path / "home", {})
    with files_of_at_most(0):
        with actor_lock(home, "issuer", wait=False):
            assert (home.locks / "issuer.lock").stat().st_size == 0
        with passing_lock(home, "run", wait=False):
            pass
    assert [path.name for path in home.locks.iterdir()] == ["issuer.lock"]


def test_mark_without_room_leaves_no_draft(home: Path) -> None:
    mark = Home(home).mark
    mark.unlink()
    with files_of_at_most(0), pytest.raises(CommandError) as caught:
        open_at(home).close()
    assert is_named(caught.value)
    assert not list(home.glob(".mesh.cid*"))
    open_at(home).close()
    assert mark.exists()


def test_module_compiled_without_room_is_used_and_not_cached(home: Path) -> None:
    shutil.rmtree(home / "cache")
    with open_at(home) as mesh:
        job_module = put_block(mesh, bytes(ECHO))
        assert mesh.has_block(job_module)
        with files_of_at_most(0):
            cache = mesh.sandbox._cache
            cache.put(job_module, {"code": b"compiled"})
        assert cache.get(job_module) is None
        assert "cannot be written (File too large)" in cache.findings[-1]
        assert list((home / "cache" / "modules").iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_each_way_of_no_room_has_its_own_next_step(number: int) -> None:
    problem = disk_full_error(OSError(number, os.strerror(number)), Path("place"))
    assert problem is not None
    assert is_named(problem)
    assert os.strerror(number) in problem.message


def test_output_without_room_is_named_and_not_half_there(
    home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with open_at(home) as mesh:
        cid = put_block(mesh, block(7)[1])
    target = tmp_path / "out.bin"
    target.write_text("as it was")
    words = ["block", "get", str(cid), "--mesh-home", str(home), "--output"]
    for place in (target, Path("/dev/full")):
        with files_of_at_most(40_000):
            code = run([*words, str(place)])
        said = capfd.readouterr()
        assert code == 1
        assert f"error[disk-full]: {place} cannot be written" in said.err
    assert target.read_text() == "as it was"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert run([*words, str(target)]) == 0
    assert target.read_bytes() == block(7)[1]


def test_existing_entry_is_read_on_a_full_disk(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """SQLite wants room for the index of its log before it reads."""
    with open_at(home) as mesh:
        cid = put_block(mesh, block(3)[1])
    with files_of_at_most(0), open_at(home) as mesh:
        assert mesh.get_block(cid) == block(3)[1]
        for _ in range(2):
            with pytest.raises(CommandError) as caught:
                put_block(mesh, block(4)[1])
            assert is_named(caught.value)
    for path in home.glob("mesh.sqlite-*"):
        assert path.stat().st_size == 0, "nothing was left half made"
    with open_at(home) as mesh:
        assert not mesh.has_block(block(4)[0])
        put_block(mesh, block(4)[1])


def test_job_that_is_stopped_by_a_full_disk_says_so_and_goes_on(
    home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """At whatever point the room ends: it is never taken for a refusal of the nodes."""
    module = tmp_path / "module.wasm"
    module.write_bytes(ANSWER)
    words = ["submit-job", "--wasm", str(module), "--resource-amount", "5", "-q", "--wait"]
    stopped = set()
    for room in (*range(60_000, 460_000, 60_000), 2_000_000):
        with files_of_at_most(room):
            code = run([*words, "--mesh-home", str(home)])
        said = capfd.readouterr()
        assert (code, "error[disk-full]" in said.err) in {(0, False), (1, True)}, said
        paused = re.search(r"job (\S+) is paused", said.err)
        stopped.add((code, paused is not None))
        if paused is not None:
            job = paused[1]
            assert f"meshctl job-status {job} --wait" in said.err
            again = ["job-status", job, "--wait", "--auto-award", "--mesh-home", str(home)]
            assert (run(again), capfd.readouterr().out != "") == (0, True)
    assert stopped == {(1, False), (1, True), (0, False)}
    with open_at(home) as mesh:
        assert audit(mesh) == ()
        assert {mesh.job(each).phase for each in mesh.job_ids()} == {Phase.VERIFIED}


def cut_log(home: Path, share: float) -> int:
    """Take the last part of the log of commits away, as a disk that lost writes; what is left."""
    log = home / "mesh.sqlite-wal"
    left = int(log.stat().st_size * share)
    with log.open("r+b") as file:
        file.truncate(left)
    return left


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 0.99])
def test_log_of_commits_that_was_cut_off_loses_whole_turns_alone(
    home: Path, tmp_path: Path, share: float
) -> None:
    """Of what the disk has lost nothing is half there, and all that is there still agrees."""
    before = tmp_path / "before"
    with open_at(home) as mesh:
        jobs = mesh.submit_all(answer() for _ in range(3))
        mesh.drive(jobs[:2], auto_award=True)
        shutil.copytree(home, before)
        assert (before / "mesh.sqlite-wal").stat().st_size > 0
    (before / "mesh.sqlite-shm").unlink()
    cut_log(before, share)
    with open_at(before) as mesh:
        assert mesh.store.check() == ()
        assert audit(mesh) == ()
        left = mesh.job_ids()
        assert set(left) <= set(jobs)
        assert mesh.drive(left, auto_award=True) == {}
        assert {mesh.job(each).phase for each in left} <= {Phase.VERIFIED}
        again = mesh.submit(answer())
        assert mesh.drive([again], auto_award=True) == {}
        assert mesh.job(again).phase is Phase.VERIFIED
        assert audit(mesh) == ()


def test_file_that_was_cut_off_is_said_and_not_swallowed(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (home / "mesh.sqlite").open("r+b") as file:
        file.truncate((home / "mesh.sqlite").stat().st_size // 2)
    assert run(["doctor", "--no-execute", "--mesh-home", str(home)]) != 0
    said = capfd.readouterr()
    assert "mesh.sqlite" in said.out + said.err
    assert "malformed" in said.out + said.err
