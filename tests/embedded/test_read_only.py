"""A home where nothing can be written: commands that only read work, the others say why not."""

import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from capabilities import obeying_modes
from changed_mesh import open_at
from commands import ROOT, with_mesh
from commands import run as run_command
from embedded_mesh import ANSWER, ENVIRONMENT, findings_of, found, put_block

from mesh.adapters.sqlite.file.errors import StoreError
from mesh.adapters.sqlite.file.reading import open_to_read
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.cli.app import run
from mesh.core.fields import JobId
from mesh.core.jobs.request import JobRequest
from mesh.embedded.machine import clock
from mesh.embedded.mesh import EmbeddedMesh
from mesh.embedded.rows import HOME
from mesh.embedded.tables import TABLES
from mesh.home.home import find_home
from mesh.home.locks import actor_lock, passing_lock
from mesh.queries.jobs.listing import JobQuery, listed
from runtime.content.cid import Cid, Codec, cid_of
from runtime.terminal.errors import CommandError

LATE = b"committed and not yet moved into the file"
LATE_CID = cid_of(LATE, Codec.RAW)
STATES = ("closed", "killed", "log without index")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, JobId, JobId]:
    """A home with a verified job and one that waits, and as a killed process left it beside."""
    home = tmp_path_factory.mktemp("read-only") / "closed"
    found(home)
    with open_at(home) as mesh:
        module = put_block(mesh, ANSWER)
        jobs = [
            mesh.submit(JobRequest(module=module, resource_amount=10, description=name))
            for name in ("done", "waits")
        ]
        mesh.drive(jobs[:1], auto_award=True)
        mesh.drive(jobs[1:])
    shutil.copytree(home, home.with_name("open"))
    with open_at(home.with_name("open")) as mesh:
        put_block(mesh, LATE)
        shutil.copytree(mesh.home.path, home.with_name("killed"))
    shutil.copytree(home.with_name("killed"), home.with_name("log without index"))
    (home.with_name("log without index") / "mesh.sqlite-shm").unlink()
    return home.parent, jobs[0], jobs[1]


def each_path(home: Path) -> list[Path]:
    return [home, *home.rglob("*")]


def everything(home: Path) -> dict[Path, bytes | None]:
    return {path: None if path.is_dir() else path.read_bytes() for path in each_path(home)}


@pytest.fixture(params=STATES)
def state(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def home(
    founded: tuple[Path, JobId, JobId],
    state: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """Its modes let nothing be written, and nothing was when the test has ended."""
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    shutil.copytree(founded[0] / state, home)
    before = everything(home)
    for path in each_path(home):
        path.chmod(0o500 if path.is_dir() else 0o400)
    with obeying_modes():
        with pytest.raises(PermissionError):
            (home / "anything").touch()
        yield home
    for path in each_path(home):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o277, path
        path.chmod(0o700)
    assert everything(home) == before
    assert list(temporary.iterdir()) == []


def reading(done: JobId, waiting: JobId) -> Iterator[tuple[str, ...]]:
    """Every command that only reads."""
    yield ("list-jobs",)
    yield ("list-nodes",)
    yield ("job-status", done)
    yield ("job-status", waiting)
    yield ("get-bids", "--job-id", waiting)
    yield ("results", done)
    yield ("logs", done)
    yield ("receipt", done)
    yield ("verify", done, "--no-reexecute")
    yield ("block", "get", str(cid_of(ANSWER, Codec.RAW)), "--output", "/dev/null")
    yield ("tokens", "balance")
    yield ("tokens", "classes")
    yield ("policy", "show")
    yield ("state",)
    yield ("identity", "show")
    yield ("identity", "roles")
    yield ("doctor", "--no-execute")


def writing(waiting: JobId) -> Iterator[tuple[str, ...]]:
    """Commands that have to write."""
    yield ("submit-job", "--wasm", str(cid_of(ANSWER, Codec.RAW)), "--resource-amount", "5")
    yield ("accept-bid", "--job-id", waiting, "--node-id", "mesh-node-2")
    yield ("job-status", waiting, "--wait")
    yield ("cancel-job", waiting, "--reason", "none")
    yield ("tokens", "issue", "--amount", "5")
    yield ("identity", "grant", "treasurer")


def test_commands_that_read_work_and_those_that_write_are_refused(
    founded: tuple[Path, JobId, JobId], home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _, done, waiting = founded
    for words in reading(done, waiting):
        code = run([*words, "--mesh-home", str(home)])
        said = capfd.readouterr()
        assert (code, "error[" in said.err) == (0, False), (words, said)
    for words in writing(waiting):
        code = run([*words, "--mesh-home", str(home)])
        said = capfd.readouterr()
        assert (code, "error[home-read-only]" in said.err) == (2, True), (words, said)
        assert str(home) in said.err
        assert "--mesh-home" in said.err


def test_committed_rows_are_read(home: Path, state: str) -> None:
    with EmbeddedMesh.open(home, environment=ENVIRONMENT) as mesh:
        assert mesh.store.is_read_only
        assert mesh.has_block(LATE_CID) is (state != "closed")
        with mesh.read() as reader:
            assert len(listed(reader, JobQuery())) == 2


def test_execution_is_repeatable_and_not_stored(
    founded: tuple[Path, JobId, JobId], home: Path
) -> None:
    with EmbeddedMesh.open(home, environment=ENVIRONMENT) as mesh:
        assert findings_of(mesh, founded[1]) == ()
        mesh.measure()
        assert mesh.fuel_per_second > 0


def test_lock_is_refused_by_name(home: Path) -> None:
    with (
        pytest.raises(CommandError) as caught,
        actor_lock(find_home(home, {}), "issuer", wait=True),
    ):
        pass
    assert caught.value.code == "home-read-only"
    assert "Permission denied" in caught.value.message


def test_lock_that_cannot_be_removed_hides_no_error(tmp_path: Path) -> None:
    home = find_home(tmp_path / "home", {})
    with obeying_modes():
        with pytest.raises(ValueError, match="the first"), passing_lock(home, "run", wait=False):
            home.locks.chmod(0o500)
            raise ValueError("the first")
        home.locks.chmod(0o700)
        with passing_lock(home, "run", wait=False):
            pass
    assert list(home.locks.iterdir()) == []


@pytest.mark.parametrize("name", [".", "mesh.sqlite"])
def test_one_mode_is_enough(founded: tuple[Path, JobId, JobId], tmp_path: Path, name: str) -> None:
    home = tmp_path / "home"
    shutil.copytree(founded[0] / "killed", home)
    (home / name).chmod(0o500 if name == "." else 0o400)
    with obeying_modes(), EmbeddedMesh.open(home, environment=ENVIRONMENT) as mesh:
        assert mesh.has_block(LATE_CID)
        with pytest.raises(StoreError) as caught:
            put_block(mesh, b"more")
    assert caught.value.code == "home-read-only"
    home.chmod(0o700)


def test_empty_home_that_cannot_be_written_founds_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    with obeying_modes(), pytest.raises(CommandError) as caught:
        EmbeddedMesh.open(home, environment=ENVIRONMENT).close()
    assert caught.value.code == "home-read-only"
    assert list(home.iterdir()) == []


def put(store: SqliteStore, data: bytes) -> Cid:
    cid = cid_of(data, Codec.RAW)
    with store.turn(clock.now()) as turn, turn.delivery(HOME) as tx:
        tx.blocks.put(cid, data)
    return cid


def test_store_that_changes_while_it_is_read_without_locks_says_so(tmp_path: Path) -> None:
    """It may be read-only here, and written through another mount."""
    path = tmp_path / "mesh.sqlite"
    store = SqliteStore(path, TABLES, quota_bytes=1 << 20)
    put(store, b"before")
    store.close()
    tmp_path.chmod(0o500)
    with obeying_modes():
        reader = open_to_read(path)
        reader.check_unchanged()
        tmp_path.chmod(0o700)
        writer = SqliteStore(path, TABLES, quota_bytes=1 << 20)
        put(writer, b"after")
        with pytest.raises(CommandError) as caught:
            reader.check_unchanged()
        assert caught.value.code == "store-changed"
        writer.close()
        with pytest.raises(CommandError):
            reader.check_unchanged()
        reader.close()


def test_writer_beside_a_reader_is_followed(tmp_path: Path) -> None:
    """Where the index of the log can be read, a reader sees each commit."""
    writer = SqliteStore(tmp_path / "mesh.sqlite", TABLES, quota_bytes=1 << 20)
    first = put(writer, b"first")
    (tmp_path / "mesh.sqlite").chmod(0o400)
    with obeying_modes():
        reader = SqliteStore(tmp_path / "mesh.sqlite", TABLES, quota_bytes=1 << 20)
        second = put(writer, b"second")
        with reader.view() as view:
            assert view.blocks(HOME).has(first)
            assert view.blocks(HOME).has(second)
        reader.close()
    writer.close()


def test_program_is_tried_and_not_run(tmp_path: Path) -> None:
    with_mesh(tmp_path)
    mesh = tmp_path / "mesh"
    before = everything(mesh)
    mesh.chmod(0o500)
    program = ROOT / "examples" / "job.ccl"
    with obeying_modes():
        tried = run_command("ccl", "run", program, "--dry-run", home=tmp_path)
        refused = run_command("ccl", "run", program, home=tmp_path)
    mesh.chmod(0o700)
    assert (tried.code, "Dry run: nothing of this was applied" in tried.out + tried.err) == (
        0,
        True,
    )
    assert (refused.code, "error[home-read-only]" in refused.err) == (2, True)
    assert everything(mesh).keys() >= before.keys()
    assert (mesh / "mesh.sqlite").read_bytes() == before[mesh / "mesh.sqlite"]
