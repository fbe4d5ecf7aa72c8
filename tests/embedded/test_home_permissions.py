"""A home is its owner's alone: what is made in it, and what is refused before anything is read."""

import errno
import os
import shutil
import stat
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from changed_mesh import open_at
from embedded_mesh import ANSWER, found, put_block

from mesh.embedded.mesh import EmbeddedMesh
from mesh.home.config import load_config
from mesh.home.home import find_home, locate_home
from mesh.home.locks import actor_lock
from mesh.home.permissions import doubtful_parents
from runtime.platform.private_files import create_file, make_folder, put_once, read_file
from runtime.terminal.errors import CommandError, ExitCode

STRANGER_UID = 12_345


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("permissions") / "home"
    found(home)
    (home / "config.toml").write_text("workers = 1\n")
    return home


@pytest.fixture
def home(founded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(founded, tmp_path / "home"))


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def refusal(home: Path) -> CommandError:
    with pytest.raises(CommandError) as caught:
        EmbeddedMesh.open(home, environment={}).close()
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("mask", [0, 0o022, 0o077, 0o777])
def test_all_that_is_made_in_a_home_is_private_under_any_umask(tmp_path: Path, mask: int) -> None:
    home = tmp_path / "above" / "higher" / "home"
    with umask(mask):
        found(home)
        with open_at(home) as mesh, actor_lock(mesh.home, "issuer", wait=False):
            put_block(mesh, ANSWER)
            made = sorted((tmp_path / "above").rglob("*"))
            modes = {path: mode_of(path) for path in (tmp_path / "above", *made)}
    names = {path.name for path in made}
    assert {"mesh.sqlite-wal", "mesh.sqlite-shm", "issuer.lock", "mesh.cid"} <= names
    assert any(name.endswith(".compiled") for name in names)
    assert any(name == "compiled-modules.key" for name in names)
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("mask", [0, 0o777])
def test_umask_of_the_process_is_left_alone(tmp_path: Path, mask: int) -> None:
    with umask(mask):
        with open_at(tmp_path / "home"):
            pass
        assert os.umask(mask) == mask


SECRET = (
    ".",
    "keys",
    "locks",
    "cache",
    "cache/modules",
    "mesh.sqlite",
    "mesh.cid",
    "locks/founding.lock",
    "keys/submitter.key",
    "keys/issuer.key",
    "keys/mesh-node-1.key",
    "keys/federation-3.key",
)
READABLE = ("config.toml",)


@pytest.mark.parametrize("name", SECRET)
@pytest.mark.parametrize("bit", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001], ids=oct)
def test_any_access_of_others_is_refused(home: Path, name: str, bit: int) -> None:
    path = home / name
    path.chmod(mode_of(path) | bit)
    problem = refusal(home)
    assert problem.exit_code is ExitCode.IDENTITY
    assert problem.code == "home-exposed"
    assert str(path.resolve()) in problem.message
    command, mode, place = (
        problem.hint.split()[0],
        problem.hint.split()[-2],
        problem.hint.split()[-1],
    )
    assert (command, Path(place).exists()) == ("chmod", True)
    assert mode == "go-rwx"


def test_group_may_write_the_configuration_and_everybody_may_not(home: Path) -> None:
    (home / "config.toml").chmod(0o664)
    EmbeddedMesh.open(home, environment={}).close()
    (home / "config.toml").chmod(0o666)
    assert refusal(home).code == "home-exposed"


@pytest.mark.parametrize("name", [each for each in (*SECRET, *READABLE) if each != "."])
@pytest.mark.parametrize("is_dangling", [False, True], ids=["elsewhere", "nowhere"])
def test_link_in_a_home_is_refused(
    home: Path, tmp_path: Path, name: str, is_dangling: bool
) -> None:
    path = home / name
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(tmp_path / "nowhere" if is_dangling else elsewhere)
    problem = refusal(home)
    assert problem.code == "home-linked"
    assert f"{path} is a symbolic link, to {path.readlink()}" in problem.message
    assert path.is_symlink()
    assert not (tmp_path / "nowhere").exists()


def test_linked_lock_is_refused_and_its_target_left_alone(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("keep")
    (home / "locks" / "issuer.lock").symlink_to(target)
    with (
        pytest.raises(CommandError) as caught,
        actor_lock(find_home(home, {}), "issuer", wait=True),
    ):
        pass
    assert caught.value.code == "home-linked"
    assert target.read_text() == "keep"


def test_linked_entry_of_the_cache_is_not_run(home: Path, tmp_path: Path) -> None:
    entries = list((home / "cache" / "modules").iterdir())
    for number, entry in enumerate(entries):
        entry.rename(tmp_path / str(number))
        entry.symlink_to(tmp_path / str(number))
    with open_at(home) as mesh:
        assert mesh.sandbox._cache.get(put_block(mesh, ANSWER)) is None
        assert "is a symbolic link" in mesh.sandbox.cache_findings[0]


@pytest.mark.parametrize("name", ["keys/issuer.key", "mesh.cid", "config.toml", "mesh.sqlite"])
def test_pipe_in_a_home_is_refused_and_not_waited_for(home: Path, name: str) -> None:
    (home / name).unlink()
    os.mkfifo(home / name, 0o600)
    problem = refusal(home)
    assert problem.code == "home-unusable"
    assert f"{home / name} is a pipe" in problem.message


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_files_beside_the_database_are_checked(home: Path, tmp_path: Path, suffix: str) -> None:
    path = home / f"mesh.sqlite{suffix}"
    path.touch()
    path.chmod(0o644)
    assert refusal(home).code == "home-exposed"
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    assert refusal(home).code == "home-linked"
    assert not (tmp_path / "elsewhere").exists()


def foreign(path: Path) -> Path:
    """The path as another user's; one of root's where only root could give it away."""
    if os.geteuid() != 0:
        return Path("/etc")
    os.chown(path, STRANGER_UID, -1, follow_symlinks=False)
    return path


def test_home_of_another_user_is_refused_also_for_root(home: Path) -> None:
    place = foreign(home)
    problem = refusal(place)
    assert problem.code == "home-foreign"
    assert f"{place} belongs to" in problem.message
    assert "chown -R" in problem.hint


@pytest.mark.parametrize("name", SECRET[1:])
def test_file_of_another_user_is_refused(home: Path, name: str) -> None:
    path = foreign(home / name)
    problem = refusal(home if path == home / name else path)
    assert problem.code == "home-foreign"
    assert str(path) in problem.message


def test_home_may_be_a_link_of_its_owner(home: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(home)
    assert find_home(link, {}).path == home
    home.chmod(0o755)
    assert str(home) in refusal(link).message


def test_home_is_no_link_of_another_user(home: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(home)
    if foreign(link) == link:
        assert refusal(link).code == "home-linked"


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o710, 0o702], ids=oct)
def test_empty_directory_of_ours_becomes_private(tmp_path: Path, mode: int) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(mode)
    locate_home(home, {})
    assert mode_of(home) == mode
    find_home(home, {})
    assert mode_of(home) == 0o700


def test_directory_with_something_in_it_stays_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o755)
    (home / "thesis.tex").touch()
    problem = refusal(home)
    assert (problem.code, "chmod" in problem.hint) == ("home-unusable", False)
    assert mode_of(home) == 0o755
    assert [path.name for path in home.iterdir()] == ["thesis.tex"]


def test_hint_is_a_command_of_a_shell(tmp_path: Path) -> None:
    home = tmp_path / "my home"
    home.mkdir()
    home.chmod(0o755)
    (home / "config.toml").touch()
    assert refusal(home).hint == f"chmod -R go-rwx '{home}'"


def test_config_of_others_is_not_read(home: Path) -> None:
    located = locate_home(home, {})
    located.config_file.chmod(0o666)
    with pytest.raises(CommandError) as caught:
        load_config(located, {})
    assert caught.value.code == "home-exposed"


def test_folders_where_others_could_exchange_the_home_are_named(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir()
    home = find_home(above / "home", {})
    before = list(doubtful_parents(home.path))
    above.chmod(0o1777)
    assert list(doubtful_parents(home.path)) == before
    above.chmod(0o777)
    assert f"chmod +t {above}" in "".join(doubtful_parents(home.path))


def test_new_file_is_never_another_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "link")
    assert not (tmp_path / "target").exists()
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file")


def test_file_is_read_into_no_more_memory_than_it_has_bytes(tmp_path: Path) -> None:
    """The bound of a compiled module is 256 MiB, and a command may have less."""
    path = tmp_path / "small"
    put_once(path, b"0123456789")
    tracemalloc.start()
    try:
        assert read_file(path, bytes_max=1 << 28) == b"0123456789"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_file_whose_rights_cannot_be_set_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refused)
    previous = os.umask(0o277)
    try:
        with pytest.raises(PermissionError):
            create_file(tmp_path / "key")
    finally:
        os.umask(previous)
    assert not (tmp_path / "key").exists()
