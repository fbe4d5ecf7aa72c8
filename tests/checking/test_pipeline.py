"""From files to modules: imports, packed modules, unreadable files, the same bytes anywhere."""

import subprocess
import sys
from pathlib import Path

import pytest
from ccl_machine import run

from ccl.abi.sections import SITES_SECTION, sites_from_value
from ccl.pipeline import check_file, compile_file, compile_text
from ccl.source.files import SOURCE_BYTES_MAX, SourceError, Unreadable
from runtime.content.codec import decode
from runtime.module.check import ModuleFacts, check_module

COUNT = """
import "lib/rules.ccl" as rules;
fn run() -> Integer { rules.double(21) }
"""
RULES = """
import "std/voting" as voting;
const LEAST = 1;
export fn double(n: Integer) -> Integer {
  require(voting.majority(n, LEAST), "no majority");
  n * 2
}
"""
SUBMIT = """
execution {
  submit_job(wasm_cid: module("./count.ccl"), description: "Count", resource_type: "compute",
    resource_amount: 100, priority: "low");
}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "lib").mkdir(parents=True)
    (folder / "count.ccl").write_text(COUNT)
    (folder / "lib" / "rules.ccl").write_text(RULES)
    (folder / "submit.ccl").write_text(SUBMIT)
    return folder


def codes(path: Path) -> list[tuple[str, str]]:
    compilation = check_file(path)
    return [
        (Path(compilation.sources.of(d.span).path).name, d.code)
        for d in compilation.sink.diagnostics
    ]


def test_imports_are_compiled_into_the_module(project: Path) -> None:
    compiled = compile_file(project / "count.ccl")
    assert compiled.wasm is not None
    assert run(compiled.wasm).value == 42
    assert [s.path for s in compiled.compilation.names.sources] == [
        "count.ccl",
        "lib/rules.ccl",
        "std/voting.ccl",
        "std/core.ccl",
    ]


def test_imported_rules_cite_articles_of_their_own(project: Path) -> None:
    (project / "lib" / "spending.ccl").write_text(
        'article "4.1" { text: "At most 500."; }\n'
        "fn spend(n: Integer) -> Integer {\n"
        '  require(n <= 500, "too much") because article "4.1";\n  n\n}\n'
        'contract Club { article "2" { text: "None."; }\n'
        '  fn fee(n: Integer) -> Integer { require(n == 0) because article "2"; n } }\n'
    )
    program = project / "program.ccl"
    program.write_text(
        'import "./lib/spending.ccl" as rules;\n'
        "execution { rules.spend(900) + rules.Club.fee(0) }\n"
    )
    compiled = compile_file(program)
    assert compiled.wasm is not None, codes(program)
    assert run(compiled.wasm).outcome.article == "4.1"
    program.write_text(
        'import "./lib/spending.ccl" as rules;\n'
        'execution { require(rules.spend(1) > 0) because article "4.1"; }\n'
    )
    assert codes(program) == [("program.ccl", "CCL0312")]


def test_imported_rules_cite_articles_at_any_depth(project: Path) -> None:
    (project / "lib" / "spending.ccl").write_text(
        'if member.active { article "1" { text: "Members."; } }\n'
        'if member.left { } else { article "2" { text: "Others."; } }\n'
        'range 1 2 { article "3" { text: "Few."; } }\n'
        'article "4" { text: "All."; article "5" { text: "Some."; } }\n'
        "fn spend(n: Integer) -> Integer {\n"
        '  require(n > 1) because article "1";\n  require(n > 2) because article "2";\n'
        '  require(n > 3) because article "3";\n  require(n > 5) because article "5";\n  n\n}\n'
    )
    program = project / "program.ccl"
    program.write_text('import "./lib/spending.ccl" as rules;\nexecution { rules.spend(9) }\n')
    assert codes(program) == []


def test_packed_module_equals_the_module_compiled_alone(project: Path) -> None:
    alone = compile_file(project / "count.ccl")
    compiled = compile_file(project / "submit.ccl")
    assert compiled.wasm is not None
    assert [(m.path, m.cid, m.wasm) for m in compiled.packed] == [
        ("./count.ccl", alone.cid, alone.wasm)
    ]
    (effect,) = run(compiled.wasm).effects
    assert str(effect[1]["wasm_cid"]) == alone.cid


def test_module_is_the_same_from_any_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absolute = compile_file(project / "count.ccl").cid
    monkeypatch.chdir(project)
    assert compile_file(Path("count.ccl")).cid == absolute
    monkeypatch.chdir(project / "lib")
    assert compile_file(Path("../count.ccl")).cid == absolute
    assert compile_text(COUNT, path="../count.ccl").cid == absolute


def test_module_is_the_same_from_another_process(project: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from ccl.pipeline import compile_file; "
        "print(compile_file(Path(sys.argv[1])).cid)"
    )
    path = project / "submit.ccl"
    for seed in ("1", "2"):
        out = subprocess.run(
            [sys.executable, "-c", script, str(path)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert out.stdout.strip() == compile_file(path).cid


def test_sites_name_files_by_their_paths_in_the_module(project: Path) -> None:
    wasm = compile_file(project / "count.ccl").wasm
    assert wasm is not None
    facts = check_module(wasm)
    assert isinstance(facts, ModuleFacts)
    assert facts.sites is not None, f"no section {SITES_SECTION}"
    files = {site.file for site in sites_from_value(decode(facts.sites))}
    assert "lib/rules.ccl" in files
    assert all(not file.startswith("/") for file in files)


def test_errors_of_a_packed_module_are_reported(project: Path) -> None:
    (project / "lib" / "rules.ccl").write_text("export fn double(n: Integer) -> Integer { n == 1 }")
    assert codes(project / "submit.ccl") == [
        ("submit.ccl", "CCL0703"),
        ("rules.ccl", "CCL0401"),
    ]
    compiled = compile_file(project / "submit.ccl")
    assert compiled.wasm is None
    assert compiled.packed == ()


def test_circular_imports_are_reported(project: Path) -> None:
    (project / "lib" / "rules.ccl").write_text('import "../count.ccl" as c;')
    found = check_file(project / "count.ccl").sink.diagnostics
    (circle,) = [d for d in found if d.code == "CCL0206"]
    assert len(circle.labels) == 1


def test_circular_modules_are_reported(project: Path) -> None:
    (project / "count.ccl").write_text('execution { log(string(module("submit.ccl"))); }')
    assert ("count.ccl", "CCL0704") in codes(project / "submit.ccl")


def test_import_of_a_program_is_an_error(project: Path) -> None:
    (project / "lib" / "rules.ccl").write_text('execution { log("x"); }')
    assert ("count.ccl", "CCL0205") in codes(project / "count.ccl")


def test_file_is_loaded_once(project: Path) -> None:
    (project / "count.ccl").write_text(
        'import "lib/rules.ccl" as a; import "./lib/../lib/rules" as b;'
        " fn run() -> Integer { a.double(2) + b.double(3) }"
    )
    compiled = compile_file(project / "count.ccl")
    assert compiled.wasm is not None
    names = [Path(each.path).name for each in compiled.compilation.sources.sources]
    assert sorted(names) == ["core.ccl", "count.ccl", "rules.ccl", "voting.ccl"]
    assert run(compiled.wasm).value == 10


def test_named_functions_are_exported(project: Path) -> None:
    path = project / "lib" / "rules.ccl"
    path.write_text("fn twice(n: Integer) -> Integer { n * 2 }")
    without = compile_file(path).compilation
    assert without.program is not None
    assert without.program.exports == ()
    compiled = compile_file(path, extra_exports=frozenset({"twice"}))
    assert compiled.wasm is not None
    assert run(compiled.wasm, entry="twice", arguments=[4]).value == 8
    assert compiled.compilation.sink.diagnostics == ()


def test_program_at_the_parser_limits_is_compiled() -> None:
    """Trees of the greatest depth, far deeper than Python's own recursion limit allows."""
    terms = 240
    compiled = compile_text("execution { " + "+".join(["1"] * terms) + " }")
    assert compiled.wasm is not None
    assert run(compiled.wasm).value == terms


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda path: None, Unreadable.MISSING),
        (lambda path: path.mkdir(), Unreadable.DIRECTORY),
        (lambda path: path.write_bytes(b"title: \xff;"), Unreadable.NOT_UTF8),
        (lambda path: path.write_bytes(b" " * (SOURCE_BYTES_MAX + 1)), Unreadable.TOO_LARGE),
    ],
)
def test_unreadable_file_is_reported_with_the_reason(
    tmp_path: Path, make, kind: Unreadable
) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "source.ccl"
    make(path)
    with pytest.raises(SourceError) as raised:
        check_file(path)
    assert raised.value.kind is kind
    (tmp_path / "root.ccl").write_text('import "source.ccl" as s;')
    (found,) = check_file(tmp_path / "root.ccl").sink.diagnostics
    assert (found.code, found.facts["reason"]) == ("CCL0205", kind.value)
