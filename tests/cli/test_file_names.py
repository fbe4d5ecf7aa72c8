"""Files with misleading names: dangling links, names like options, texts of other encodings."""

import os
from pathlib import Path

import pytest
from commands import run, run_process

READERS = (
    ("cclc", "check", "FILE"),
    ("cclc", "compile", "FILE"),
    ("cclc", "fmt", "FILE"),
    ("cclc", "bounds", "FILE"),
    ("cclc", "inspect", "FILE"),
    ("cclc", "verify", "FILE", "FILE"),
    ("ccl", "run", "FILE"),
    ("ccl", "run", "good.ccl", "--input", "FILE"),
    ("ccl", "run", "good.ccl", "--context", "FILE"),
    ("ccl", "charter", "FILE"),
    ("ccl", "test", "FILE"),
    ("meshctl", "submit-job", "--wasm", "FILE", "--resource-amount", "5"),
    ("meshctl", "block", "put", "FILE"),
    ("meshctl", "verify", "FILE"),
)
OF_SOURCES = [each for each in READERS if each[0] != "meshctl" and each[1] != "inspect"]

WITHOUT_OPTION = [each for each in READERS if not each[each.index("FILE") - 1].startswith("--")]
"""The word after an option is its value, whatever it begins with."""


def command(words: tuple[str, ...], file: str) -> list[str]:
    return [file if word == "FILE" else word for word in words]


def shown(words: tuple[str, ...]) -> str:
    return " ".join(word for word in words if word != "FILE")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "good.ccl").write_text("execution { 1 }\n")
    return folder


@pytest.mark.parametrize("words", READERS, ids=shown)
def test_link_to_nothing_is_named_with_its_target(
    words: tuple[str, ...], tmp_path: Path, folder: Path
) -> None:
    (folder / "current.ccl").symlink_to("../v7/bylaws.ccl")
    (folder / "shared").symlink_to("elsewhere")
    for file, link, target in (
        ("current.ccl", "current.ccl", "../v7/bylaws.ccl"),
        ("shared/x.ccl", "shared", "elsewhere"),
    ):
        done = run(*command(words, file), home=tmp_path, cwd=folder)
        assert (done.code, done.out) == (3, ""), done.err
        head = f"error[dangling-link]: the link {link} points to {target}, which does not exist\n"
        assert done.err.startswith(head)


@pytest.mark.parametrize("words", READERS, ids=shown)
@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + "/a.ccl", "y/" * 3000 + "a.ccl"], ids=len)
def test_name_that_no_file_can_have_is_named(
    words: tuple[str, ...], name: str, tmp_path: Path, folder: Path
) -> None:
    done = run(*command(words, name), home=tmp_path, cwd=folder)
    assert done.out == ""
    if words[0] == "meshctl":
        # where a CID is taken too, it may be called a wrong one
        assert done.code in (2, 3)
        return
    assert done.code == 2
    assert "File name too long" in done.err


def test_folder_that_cannot_be_allowed_is_named(tmp_path: Path, folder: Path) -> None:
    for name, reason in (
        ("x" * 300, "File name too long"),
        ("good.ccl", "is not a folder"),
        ("nothing", "does not exist"),
    ):
        words = ("cclc", "check", "good.ccl", "--allow-path", name)
        done = run(*words, home=tmp_path, cwd=folder)
        assert done.code == 2
        assert done.err.startswith(f"error[not-a-folder]: --allow-path {name}: ")
        assert reason in done.err


@pytest.mark.parametrize("words", WITHOUT_OPTION, ids=shown)
@pytest.mark.parametrize("file", ["-name.ccl", "-hello.ccl", "--rules.ccl", "-Version 2"])
def test_name_like_an_option_gets_its_path(
    words: tuple[str, ...], file: str, tmp_path: Path, folder: Path
) -> None:
    (folder / file).touch()
    done = run(*command(words, file), home=tmp_path, cwd=folder)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error[usage]: ")
    path = f"'./{file}'" if " " in file else f"./{file}"
    assert f"write the file as {path}\n" in done.err


def test_wrong_option_beside_such_a_file_is_reported(tmp_path: Path, folder: Path) -> None:
    done = run("cclc", "compile", "good.ccl", "-ox.wasm", "--nope", home=tmp_path, cwd=folder)
    assert done.code == 2
    assert "--nope" in done.err
    assert "./" not in done.err
    done = run("ccl", "run", "good.ccl", "-5", home=tmp_path, cwd=folder)
    assert "a negative number" in done.err


@pytest.mark.parametrize("words", [each for each in OF_SOURCES if "--input" not in each], ids=shown)
@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16LE"),
        ("utf-16-be", "UTF-16BE"),
        ("utf-32", "UTF-32"),
        ("utf-32-be", "UTF-32BE"),
    ],
)
def test_text_of_wide_characters_is_named(
    words: tuple[str, ...], encoding: str, name: str, tmp_path: Path, folder: Path
) -> None:
    (folder / "wide.ccl").write_bytes('{"title": "Société"}\n'.encode(encoding))
    if words[1] == "verify":
        words = ("cclc", "verify", "good.wasm", "FILE")
        assert run("cclc", "compile", "good.ccl", home=tmp_path, cwd=folder).code == 0
    done = run(*command(words, "wide.ccl"), home=tmp_path, cwd=folder)
    assert (done.code, done.out) == (2, "")
    assert f"error[not-utf8]: wide.ccl is not UTF-8 text: it is {name} text\n" in done.err
    assert f"`iconv -f {name.lower()} -t utf-8`" in done.err


def test_other_bytes_are_named_by_their_place(tmp_path: Path, folder: Path) -> None:
    (folder / "latin.ccl").write_bytes('title: "Genossenschaft für alle";'.encode("latin-1"))
    done = run("cclc", "check", "latin.ccl", home=tmp_path, cwd=folder)
    assert "byte 0xfc at line 1, column 25" in done.err
    # a text with a NUL is damaged, not wide
    (folder / "zero.ccl").write_bytes(b'title: "a\0b";\n')
    done = run("cclc", "check", "zero.ccl", home=tmp_path, cwd=folder)
    assert "CCL0101" in done.err or "CCL0109" in done.err


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}', '{"member": {"age": 4,\n "age": 40}}', '{"a": [{"b": 1, "b": 1}]}']
)
@pytest.mark.parametrize("words", [("ccl", "run"), ("ccl", "charter")])
def test_key_twice_in_a_context_is_refused(
    words: tuple[str, str], text: str, tmp_path: Path, folder: Path
) -> None:
    done = run(*words, "good.ccl", "--context", "-", home=tmp_path, cwd=folder, stdin=text.encode())
    assert (done.code, done.out) == (2, "")
    assert "error[bad-context]: standard input is not a context: expected each key once" in done.err
    assert "line " in done.err
    assert " again (first at line 1, column " in done.err


def test_context_may_begin_with_the_mark_of_its_encoding(tmp_path: Path, folder: Path) -> None:
    (folder / "c.json").write_bytes(b'\xef\xbb\xbf{"proposal": {"size": 5}}')
    (folder / "a.ccl").write_text("if proposal.size > 4 { quorum: 60%; }\n")
    done = run("ccl", "charter", "a.ccl", "--context", "c.json", home=tmp_path, cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert "quorum" in done.out


def test_argument_with_a_key_twice_is_refused(tmp_path: Path, folder: Path) -> None:
    (folder / "f.ccl").write_text("export fn size(m: Map<String, Integer>) -> Integer { 1 }\n")
    words = ("ccl", "run", "f.ccl", "--entry", "size", '{"a": 1, "a": 2}')
    done = run(*words, home=tmp_path, cwd=folder)
    assert done.code == 2
    assert "each key once at line 1, column 10" in done.err


# --- ccl new -----------------------------------------------------------------------------


def listing(folder: Path) -> list[str]:
    return sorted(os.path.relpath(each, folder) for each in folder.rglob("*"))


@pytest.mark.parametrize(
    "name",
    [
        "x" * 252,
        "deep/er/" + "x" * 252,
        "x" * 300,
        "good.ccl/inside",
        "a\nb",
        'quo"te',
    ],
    ids=lambda name: name[:12],
)
def test_new_that_fails_leaves_nothing(name: str, tmp_path: Path, folder: Path) -> None:
    """The folder may have a name of 252 letters; its program, with the ending, may not."""
    before = listing(folder)
    done = run("ccl", "new", name, home=tmp_path, cwd=folder)
    assert (done.code, done.out) == (2, "")
    assert "error[cannot-create]" in done.err
    assert listing(folder) == before


def test_new_on_a_full_disk_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    before = listing(folder)
    disk_full_error = ("sh", "-c", 'ulimit -f 0; exec "$@"', "sh")
    done = run_process("ccl", "new", "deep/coop", home=tmp_path, cwd=folder, before=disk_full_error)
    assert (done.code, done.out) == (1, "")
    assert "error[disk-full]: deep/coop cannot be written: File too large" in done.err
    assert listing(folder) == before


def test_new_fills_an_empty_folder_and_no_other(tmp_path: Path, folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "full").mkdir()
    (folder / "full" / "notes.txt").touch()
    (folder / "linked").symlink_to("empty")
    assert run("ccl", "new", "linked", home=tmp_path, cwd=folder).code == 0
    assert listing(folder / "empty") == ["README.md", "linked.ccl"]
    done = run("ccl", "new", "full", home=tmp_path, cwd=folder)
    assert done.code == 2
    assert "exists and is not empty" in done.err
    assert listing(folder / "full") == ["notes.txt"]
    done = run("ccl", "new", "far/away", home=tmp_path, cwd=folder)
    assert done.code == 0
    assert listing(folder / "far") == ["away", "away/README.md", "away/away.ccl"]


EMPTY = (
    *READERS,
    ("cclc", "compile", "good.ccl", "-o", "FILE"),
    ("cclc", "check", "good.ccl", "FILE"),
    ("cclc", "check", "good.ccl", "--allow-path", "FILE"),
    ("ccl", "run", "good.ccl", "--output", "FILE"),
    ("ccl", "run", "good.ccl", "--mesh-home", "FILE"),
    ("ccl", "new", "FILE"),
    ("meshctl", "submit-job", "--wasm", "good.wasm", "--resource-amount", "5", "--input", "FILE"),
    ("meshctl", "list-jobs", "--mesh-home", "FILE"),
)


@pytest.mark.parametrize("words", EMPTY, ids=shown)
def test_empty_path_is_refused(words: tuple[str, ...], tmp_path: Path, folder: Path) -> None:
    text = "execution {    1 }\n"
    (folder / "good.ccl").write_text(text)
    done = run(*command(words, ""), home=tmp_path, cwd=folder)
    assert (done.code, done.out) == (2, ""), done.err
    assert " is empty, expected a path\n" in done.err
    assert [each.name for each in folder.iterdir()] == ["good.ccl"]
    assert (folder / "good.ccl").read_text() == text


@pytest.mark.parametrize("path", [".", "./", "..", "/"])
@pytest.mark.parametrize("words", [("compile",), ("compile", "--emit", "wat"), ("bounds",)])
def test_folder_is_not_a_program(
    path: str, words: tuple[str, ...], tmp_path: Path, folder: Path
) -> None:
    done = run("cclc", *words, path, home=tmp_path, cwd=folder)
    assert (done.code, done.out) == (2, ""), done.err
    assert done.err.startswith("error[file-is-directory]: ")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder where none can be made")
@pytest.mark.parametrize("path", ["/proc/x", "/proc/x/y"])
def test_home_that_cannot_be_made_is_named(path: str, tmp_path: Path, folder: Path) -> None:
    done = run("ccl", "run", "good.ccl", "--mesh-home", path, home=tmp_path, cwd=folder)
    assert (done.code, done.out) == (2, ""), done.err
    assert done.err.startswith("error[home-unusable]: ")
