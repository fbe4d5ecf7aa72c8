"""Unsaved texts over the files of the disk: a program is what its editor shows."""

from pathlib import Path

import pytest

from ccl.pipeline import check_text, compile_text
from ccl.source.files import SOURCE_BYTES_MAX, SourceError, Unreadable
from ccl.source.overlay import DISK, Overlay

ROOT = 'import "./lib/rules.ccl" as rules;\nexecution { rules.double(21) }\n'
SAVED = "export fn double(n: Integer) -> Integer { n + n }\n"
UNSAVED = "export fn double(n: Integer) -> Integer { n * 2 }\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "rules.ccl").write_text(SAVED)
    return tmp_path / "program.ccl"


def cid(program: Path, overlay: Overlay) -> str | None:
    return compile_text(ROOT, program.as_posix(), files=overlay).cid


def codes(program: Path, text: str, overlay: Overlay) -> list[tuple[str, str | None]]:
    found = check_text(text, program.as_posix(), files=overlay).sink.diagnostics
    return [(each.code, each.facts.get("nearest")) for each in found]


def test_unsaved_import_is_compiled_as_if_it_were_saved(program: Path) -> None:
    rules = program.parent / "lib" / "rules.ccl"
    before = cid(program, Overlay({}))
    unsaved = cid(program, Overlay({rules: UNSAVED}))
    assert unsaved not in (None, before)
    assert rules.read_text() == SAVED
    rules.write_text(UNSAVED)
    assert unsaved == cid(program, Overlay({}))


def test_unsaved_text_is_found_through_a_link(program: Path) -> None:
    rules = program.parent / "lib" / "rules.ccl"
    link = program.parent / "link.ccl"
    link.symlink_to(rules)
    text = ROOT.replace("./lib/rules.ccl", "./link.ccl")
    compiled = compile_text(text, program.as_posix(), files=Overlay({rules: "fn double() { "}))
    assert compiled.wasm is None


def test_file_that_was_never_saved_is_imported_and_suggested(program: Path) -> None:
    texts = {program.parent / "new" / "rules.ccl": UNSAVED}
    text = ROOT.replace("./lib/", "./new/")
    assert codes(program, text, Overlay(texts)) == []
    misspelt = text.replace("rules.ccl", "rulse.ccl")
    found = codes(program, misspelt, Overlay(texts))
    assert found == [("CCL0205", "./new/rules.ccl")]


def test_unsaved_module_is_packed(program: Path) -> None:
    job = program.parent / "job.ccl"
    job.write_text("execution { 1 }")
    text = (
        'execution { submit_job(wasm_cid: module("./job.ccl"), description: "Count", '
        'resource_type: "compute", resource_amount: 100, priority: "low"); }'
    )
    changed = "execution { 2 }"
    compiled = compile_text(text, program.as_posix(), files=Overlay({job: changed}))
    (packed,) = compiled.packed
    assert packed.cid == compile_text(changed, job.as_posix()).cid


@pytest.mark.parametrize(
    ("text", "kind", "position"),
    [
        ("// é \ud83d", Unreadable.NOT_UTF8, 6),
        (" " * (SOURCE_BYTES_MAX + 1), Unreadable.TOO_LARGE, None),
        ("é" * (SOURCE_BYTES_MAX // 2 + 1), Unreadable.TOO_LARGE, None),
    ],
)
def test_unsaved_text_that_no_file_could_hold_is_refused(
    text: str, kind: Unreadable, position: int | None, program: Path
) -> None:
    with pytest.raises(SourceError) as raised:
        Overlay({program: text}).read(program)
    assert (raised.value.kind, raised.value.position) == (kind, position)


def test_overlay_over_an_overlay_wins(program: Path) -> None:
    below = Overlay({program: "a 1;"}, DISK)
    assert Overlay({program: "a 2;"}, below).read(program) == "a 2;"
    assert Overlay({}, below).read(program) == "a 1;"
    assert Overlay({}, below).names(program.parent) == ("lib", "program.ccl")
