"""`cclc verify`: the same source gives the same module, and each difference is explained."""

import json
from pathlib import Path

import pytest
from commands import Done, run

from ccl.abi.sections import SOURCE_SECTION
from ccl.wasm.compare import Difference, Part, differences
from ccl.wasm.inspect import inspect_module
from runtime.content.codec import decode, encode

SOURCE = """\
import "./help.ccl" as help;
resources { compute: 100; }
execution { help.twice(21) }
"""
HELP = "export fn twice(n: Integer) -> Integer { 2 * n }\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.ccl").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "help.ccl").write_text(HELP, encoding="utf-8")
    assert run("cclc", "compile", "main.ccl", home=tmp_path, cwd=tmp_path).code == 0
    return tmp_path


def verify(folder: Path, *more: str) -> Done:
    return run("cclc", "verify", "main.wasm", "main.ccl", *more, home=folder, cwd=folder)


def parts(done: Done) -> list[tuple[str, str]]:
    return [(each["part"], each["name"]) for each in json.loads(done.out)["differences"]]


def test_same_source_gives_the_same_module(folder: Path) -> None:
    done = verify(folder)
    cid = inspect_module((folder / "main.wasm").read_bytes()).cid
    assert (done.code, done.out, done.err) == (
        0,
        f"main.ccl compiles to main.wasm ✓\n  {cid}\n",
        "",
    )
    assert json.loads(verify(folder, "-o", "json").out)["verified"] is True


def test_another_source_is_named(folder: Path) -> None:
    (folder / "help.ccl").write_text(HELP.replace("2 *", "3 *"), encoding="utf-8")
    done = verify(folder)
    assert done.code == 8
    assert "source  help.ccl" in done.out
    assert "code    code" in done.out
    assert "source  main.ccl" not in done.out
    assert "error[not-reproduced]: main.ccl does not compile to main.wasm" in done.err
    assert "get the sources that have the CIDs of the module" in done.err


def test_comment_changes_the_source_and_not_the_code(folder: Path) -> None:
    (folder / "main.ccl").write_text(SOURCE + "// more\n", encoding="utf-8")
    done = verify(folder, "-o", "json")
    assert done.code == 8
    assert parts(done) == [("source", "main.ccl")]


def test_same_text_under_another_name_is_explained(folder: Path) -> None:
    (folder / "main.ccl").rename(folder / "other.ccl")
    done = run("cclc", "verify", "main.wasm", "other.ccl", home=folder, cwd=folder)
    assert done.code == 8
    assert "the text is the same under another name" in done.err


def test_changed_module_is_refused(folder: Path) -> None:
    module = folder / "main.wasm"
    data = bytearray(module.read_bytes())
    # the last byte of the code section: the `end` of its last function stays in place
    code = next(part for part in inspect_module(bytes(data)).sections if part.name == "code")
    data[code.end - 2] ^= 1
    module.write_bytes(bytes(data))
    done = verify(folder)
    assert done.code == 8
    assert "the module was changed afterwards" in done.err
    assert parts(verify(folder, "-o", "json")) == [("code", "code")]


def rewritten(data: bytes, compiler: str) -> bytes:
    """Gives the module as another version of the compiler would sign it."""
    section = next(p for p in inspect_module(data).sections if p.name == SOURCE_SECTION)
    value = decode(data[section.start : section.end])
    assert isinstance(value, dict)
    content = encode({**value, "compiler": compiler})
    assert len(content) == section.size_bytes, "the header need not change"
    return data[: section.start] + content + data[section.end :]


def test_other_version_of_the_compiler_is_named(folder: Path) -> None:
    module = folder / "main.wasm"
    data = module.read_bytes()
    found = inspect_module(data).provenance
    assert found is not None
    module.write_bytes(rewritten(data, "9" + found.compiler[1:]))
    done = verify(folder)
    assert done.code == 8
    assert f"verify it with icn-ccl 9{found.compiler[1:]}" in done.err
    assert parts(verify(folder, "-o", "json")) == [("compiler", "version")]


def test_foreign_module_does_not_verify(folder: Path) -> None:
    data = (folder / "main.wasm").read_bytes()
    empty = b"\0asm\x01\0\0\0"
    found = differences((empty, inspect_module(empty)), (data, inspect_module(data)))
    assert found[0] == Difference(
        part=Part.PROVENANCE, name="ccl:source", given=None, rebuilt="present"
    )
    (folder / "main.wasm").write_bytes(empty)
    assert "the module does not name its sources" in verify(folder).err


def test_source_with_errors_gives_no_verdict(folder: Path) -> None:
    (folder / "main.ccl").write_text("execution { x }", encoding="utf-8")
    done = verify(folder)
    assert (done.code, done.out) == (1, "")
    assert "error[CCL0201]" in done.err


def test_missing_or_foreign_files_are_refused(folder: Path) -> None:
    absent = run("cclc", "verify", "absent.wasm", "main.ccl", home=folder, cwd=folder)
    assert absent.code == 3
    swapped = run("cclc", "verify", "main.ccl", "main.wasm", home=folder, cwd=folder)
    assert swapped.code == 2
    assert "cannot be read as a module" in swapped.err


def test_module_from_standard_input_is_verified(folder: Path) -> None:
    module = (folder / "main.wasm").read_bytes()
    done = run("cclc", "verify", "-", "main.ccl", home=folder, cwd=folder, stdin=module)
    assert (done.code, done.out.splitlines()[0]) == (0, "main.ccl compiles to <stdin> ✓")
    words = ("bounds", "inspect")
    named = [run("cclc", word, "main.wasm", home=folder, cwd=folder).out for word in words]
    given = [run("cclc", word, "-", home=folder, cwd=folder, stdin=module).out for word in words]
    assert given[0] == named[0]
    assert given[1].splitlines()[1:] == named[1].splitlines()[1:]


def test_program_from_standard_input_has_its_bounds(folder: Path) -> None:
    source = b"export fn f(n: Integer) -> Integer { n + 1 }\n"
    done = run("cclc", "bounds", "-", home=folder, cwd=folder, stdin=source)
    assert done.code == 0
    assert done.out.splitlines()[1].startswith("f  ")
    wrong = run("cclc", "bounds", "-", home=folder, cwd=folder, stdin=b"execution { x }")
    assert (wrong.code, wrong.out) == (1, "")
    assert "error[CCL0201]" in wrong.err


def test_module_and_source_from_one_stream_are_refused(folder: Path) -> None:
    done = run("cclc", "verify", "-", "-", home=folder, cwd=folder)
    assert done.code == 2
    assert "module and source cannot both be read from standard input" in done.err
