"""Imports and packed modules stay inside the project, whatever paths and links they take."""

import os
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from ccl.diagnostics.model import Diagnostic
from ccl.pipeline import check_file, check_text, compile_file, compile_text
from ccl.project.configuration import ConfigurationError
from ccl.project.project import Outside, project_of

RULES = "fn twice(n: Integer) -> Integer { n * 2 }\n"
SECRET = "fn secret() -> Integer { 42 }\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with two projects side by side; the current folder is elsewhere."""
    home = tmp_path / "home"
    (home / "coop" / "lib").mkdir(parents=True)
    (home / "other").mkdir()
    (home / "coop" / "lib" / "rules.ccl").write_text(RULES)
    (home / "other" / "secret.ccl").write_text(SECRET)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return home


def importing(path: str) -> str:
    return f'import "{path}" as rules;\nfn run() -> Integer {{ rules.twice(21) }}\n'


def packing(path: str) -> str:
    return f'execution {{ log(string(module("{path}"))); }}\n'


def found(path: Path, text: str, *allowed: Path) -> list[Diagnostic]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    project = project_of(path.as_posix(), allowed)
    return list(check_text(text, path=path.as_posix(), project=project).sink.diagnostics)


def codes(path: Path, text: str, *allowed: Path) -> list[str]:
    return [each.code for each in found(path, text, *allowed)]


def test_parent_folder_without_configuration_is_outside(home: Path) -> None:
    program = home / "coop" / "rules" / "a.ccl"
    (fault,) = found(program, importing("../lib/rules.ccl"))
    assert fault.code == "CCL0229"
    assert fault.facts["target"] == str(home / "coop" / "lib" / "rules.ccl")
    assert fault.facts["around"] == str(home / "coop")
    assert fault.facts["allow"] == str(home / "coop" / "lib")
    assert str(home / "coop" / "rules") in fault.notes[1]


def test_parent_folder_with_configuration_is_inside(home: Path) -> None:
    (home / "coop" / "ccl.toml").touch()
    assert codes(home / "coop" / "rules" / "a.ccl", importing("../lib/rules.ccl")) == []


def test_nearest_configuration_is_the_project(home: Path) -> None:
    (home / "coop" / "ccl.toml").touch()
    (home / "coop" / "rules").mkdir()
    (home / "coop" / "rules" / "ccl.toml").touch()
    program = home / "coop" / "rules" / "deep" / "a.ccl"
    assert codes(program, importing("../../lib/rules.ccl")) == ["CCL0229"]


def test_configuration_above_home_does_not_count(home: Path) -> None:
    (home.parent / "ccl.toml").touch()
    program = home / "coop" / "rules" / "a.ccl"
    assert codes(program, importing("../lib/rules.ccl")) == ["CCL0229"]
    (home / "ccl.toml").touch()
    assert codes(program, importing("../lib/rules.ccl")) == []


def test_configuration_of_another_user_does_not_count(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "coop" / "ccl.toml").touch()
    program = home / "coop" / "rules" / "a.ccl"
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    (fault,) = found(program, importing("../lib/rules.ccl"))
    assert fault.code == "CCL0229"
    assert any("belongs to another user" in note for note in fault.notes)


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_configuration_that_is_a_folder_is_an_error(home: Path, kind: str) -> None:
    path = home / "coop" / "ccl.toml"
    if kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("nowhere")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        codes(home / "coop" / "rules" / "a.ccl", importing("../lib/rules.ccl"))


@pytest.mark.parametrize("form", [importing, packing])
@pytest.mark.parametrize(
    "written",
    [
        "../other/secret.ccl",
        "./lib/../../other/secret.ccl",
        "lib/out/secret.ccl",
        "out.ccl",
        "chain.ccl",
        "/etc/passwd.ccl",
        "/dev/zero.ccl",
        "{home}/other/secret.ccl",
        "/{home}/other/secret.ccl",
    ],
)
def test_outside_file_is_refused_alike_whether_it_exists(
    home: Path, form: Callable[[str], str], written: str
) -> None:
    coop, other = home / "coop", home / "other"
    (coop / "lib" / "out").symlink_to(other)
    (coop / "out.ccl").symlink_to("../other/secret.ccl")
    (coop / "chain.ccl").symlink_to("out.ccl")
    text = form(written.format(home=home))
    first = found(coop / "a.ccl", text)
    assert [each.code for each in first] == ["CCL0229"]
    (other / "secret.ccl").unlink()
    (other / "secret.ccl").symlink_to("elsewhere.ccl")
    assert found(coop / "a.ccl", text) == first
    (other / "secret.ccl").unlink()
    other.rmdir()
    assert found(coop / "a.ccl", text) == first


@pytest.mark.parametrize(
    "written",
    [
        "lib/rules.ccl",
        "./lib/rules",
        "lib/../lib/rules.ccl",
        "../coop/lib/rules.ccl",
        "inside.ccl",
        "shared/rules.ccl",
        "{home}/coop/lib/rules.ccl",
        "{link}/coop/lib/rules.ccl",
        "/{home}/coop/lib/rules.ccl",
    ],
)
def test_inside_file_is_read_by_any_path(home: Path, written: str) -> None:
    coop = home / "coop"
    (coop / "inside.ccl").symlink_to("lib/rules.ccl")
    (coop / "shared").symlink_to(coop / "lib")
    link = home.parent / "link"
    link.symlink_to(home)
    text = importing(written.format(home=home, link=link))
    assert codes(coop / "a.ccl", text) == []
    assert check_text(text, path=(link / "coop" / "a.ccl").as_posix()).sink.diagnostics == ()


def test_paths_to_one_file_are_one_file(home: Path) -> None:
    coop = home / "coop"
    (coop / "other.ccl").symlink_to("lib/rules.ccl")
    (coop / "a.ccl").write_text(
        'import "other.ccl" as a; import "lib/rules.ccl" as b;'
        " fn run() -> Integer { a.twice(1) + b.twice(2) }"
    )
    compiled = compile_file(coop / "a.ccl")
    assert compiled.wasm is not None
    assert [each.path for each in compiled.compilation.names.sources] == [
        "a.ccl",
        "lib/rules.ccl",
    ]


def test_circle_through_a_link_is_a_circle(home: Path) -> None:
    coop = home / "coop"
    (coop / "again.ccl").symlink_to("a.ccl")
    assert "CCL0206" in codes(coop / "a.ccl", 'import "again.ccl" as again;')
    assert "CCL0704" in codes(coop / "a.ccl", packing("again.ccl"))


def test_linked_program_belongs_to_its_own_folder(home: Path) -> None:
    """Its imports are relative to where it really is, and so are the names in the module."""
    direct = home / "coop" / "a.ccl"
    direct.write_text(importing("lib/rules.ccl"))
    link = home / "other" / "a.ccl"
    link.symlink_to(direct)
    assert compile_file(link).cid == compile_file(direct).cid is not None


def test_packed_module_has_the_project_of_the_program(home: Path) -> None:
    """Its own folder has a configuration, which counts for nothing here."""
    coop = home / "coop"
    (coop / "jobs").mkdir()
    (coop / "jobs" / "ccl.toml").touch()
    (coop / "jobs" / "count.ccl").write_text(importing("../lib/rules.ccl"))
    (coop / "jobs" / "outer.ccl").write_text(packing("./count.ccl"))
    assert codes(coop / "a.ccl", packing("jobs/outer.ccl")) == []
    assert codes(coop / "jobs" / "b.ccl", packing("./outer.ccl")) == [
        "CCL0703",
        "CCL0703",
        "CCL0229",
    ]


def test_allowed_folder_may_be_imported_from(home: Path) -> None:
    coop, other = home / "coop", home / "other"
    text = 'import "../other/secret.ccl" as s;\nfn run() -> Integer { s.secret() }\n'
    assert codes(coop / "a.ccl", text) == ["CCL0229"]
    assert codes(coop / "a.ccl", text, other) == []
    assert codes(coop / "a.ccl", text, home / "coop" / "lib" / ".." / ".." / "other") == []
    alias = home / "alias"
    alias.symlink_to(other)
    assert codes(coop / "a.ccl", text, alias) == []
    (other / "secret.ccl").write_text('import "../third/x.ccl" as x;\n' + SECRET)
    assert codes(coop / "a.ccl", text, other) == ["CCL0229"]


def test_folder_with_a_similar_name_is_outside(home: Path) -> None:
    (home / "coop-old").mkdir()
    (home / "coop-old" / "rules.ccl").write_text(RULES)
    assert codes(home / "coop" / "a.ccl", importing("../coop-old/rules.ccl")) == ["CCL0229"]


def test_program_from_a_stream_belongs_to_the_current_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home / "coop")
    assert check_text(importing("lib/rules.ccl")).sink.diagnostics == ()
    (fault,) = check_text(importing("../other/rules.ccl")).sink.diagnostics
    assert fault.code == "CCL0229"
    (home / "coop" / "<stdin>").symlink_to(home / "other" / "secret.ccl")
    assert check_text(importing("lib/rules.ccl")).sink.diagnostics == ()


def test_suggestions_omit_files_outside(home: Path) -> None:
    """A project that is called like a file, imported as one, has neighbours outside."""
    odd = home / "secrets.ccl"
    odd.mkdir()
    (home / "secret.ccl").write_text(SECRET)
    (fault,) = found(odd / "a.ccl", 'import "../secrets.ccl" as s;')
    assert "nearest" not in fault.facts


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "no file can have such a name"),
        (".", "no file can have such a name"),
        ("lib/..", "no file can have such a name"),
        ("a\\u{0}b.ccl", "no file can have such a name"),
        ("x" * 300 + ".ccl", "no file can have such a name"),
        ("lib/" * 2000 + "x.ccl", "no file can have such a name"),
        ("~/rules.ccl", "there is no such file"),
        ("lib/rules.ccl/x.ccl", "there is no such file"),
        ("gone.ccl", "it is a link to a file that does not exist"),
        ("loop.ccl", "permission is missing or the file is damaged"),
        ("folder.ccl", "it is a directory"),
        ("pipe.ccl", "it is not a regular file"),
        ("wide.ccl", "it is UTF-16 text, and CCL is written in UTF-8"),
        ("marked.ccl", "it is UTF-16 text, and CCL is written in UTF-8"),
        ("wider.ccl", "it is UTF-32 text, and CCL is written in UTF-8"),
    ],
    ids=lambda text: text[:20],
)
@pytest.mark.parametrize("form", [importing, packing])
def test_unreadable_import_is_reported_with_the_reason(
    home: Path, written: str, reason: str, form: Callable[[str], str]
) -> None:
    coop = home / "coop"
    (coop / "gone.ccl").symlink_to("nothing.ccl")
    (coop / "loop.ccl").symlink_to("loop.ccl")
    (coop / "folder.ccl").mkdir()
    os.mkfifo(coop / "pipe.ccl")
    (coop / "wide.ccl").write_bytes(RULES.encode("utf-16-le"))
    (coop / "marked.ccl").write_bytes(RULES.encode("utf-16"))
    (coop / "wider.ccl").write_bytes(RULES.encode("utf-32-be"))
    (fault,) = found(coop / "a.ccl", form(written))
    assert fault.code in ("CCL0205", "CCL0703")
    assert fault.facts["reason"] == reason


def test_device_in_the_project_is_not_read(home: Path) -> None:
    """`--allow-path /dev` allows its files, and none of them is a regular one."""
    (fault,) = found(home / "coop" / "a.ccl", packing("/dev/zero"), Path("/dev"))
    assert (fault.code, fault.facts["reason"]) == ("CCL0703", "it is not a regular file")


def test_containment_follows_the_operating_system(home: Path) -> None:
    """Every path of up to three steps through files, folders and links, against the inode
    that is really opened by it."""
    coop, other = home / "coop", home / "other"
    (other / "lib").mkdir()
    (other / "lib" / "rules.ccl").write_text(RULES)
    (other / "back").symlink_to(coop)
    for name, target in {
        "in": "lib",
        "up": "..",
        "out": "../other",
        "far": str(other),
        "round": "round",
    }.items():
        (coop / name).symlink_to(target)
    inside = {
        (status.st_dev, status.st_ino)
        for folder, _, names in os.walk(coop)
        for status in map(os.lstat, (folder, *(f"{folder}/{name}" for name in names)))
    }
    project = project_of((coop / "a.ccl").as_posix())
    steps = ("..", ".", "lib", "in", "up", "out", "far", "round", "back", "coop", "other")
    tried = {True: 0, False: 0}
    for count in (1, 2, 3):
        for parts in product(steps, repeat=count):
            written = "/".join((*parts, "rules.ccl"))
            try:
                status = (coop / written).stat()
            except OSError:
                continue
            is_inside = (status.st_dev, status.st_ino) in inside
            resolved = project.resolve(coop, written)
            assert isinstance(resolved, Outside) != is_inside, written
            if isinstance(resolved, Outside):
                assert not resolved.target.is_relative_to(coop), written
            tried[is_inside] += 1
    assert min(tried.values()) >= 10


def test_state_is_kept_under_the_given_name(home: Path) -> None:
    """A link `current.ccl` to the version in force is the home of the state."""
    (home / "coop" / "v2.ccl").write_text("state n: Integer = 0;\nexport fn add() { n += 1; }\n")
    (home / "coop" / "current.ccl").symlink_to("v2.ccl")
    text = (home / "coop" / "v2.ccl").read_text()
    linked = compile_file(home / "coop" / "current.ccl")
    named = compile_text(text, path=(home / "coop" / "current.ccl").as_posix())
    assert linked.cid == named.cid != compile_file(home / "coop" / "v2.ccl").cid


def test_check_and_compile_report_the_same(home: Path) -> None:
    (home / "coop" / "a.ccl").write_text(importing("../other/secret.ccl"))
    assert compile_file(home / "coop" / "a.ccl").wasm is None
    assert check_file(home / "coop" / "a.ccl").program is None
