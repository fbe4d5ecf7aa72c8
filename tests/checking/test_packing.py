"""Packing: modules are compiled before the program is checked, where it would submit them."""

from pathlib import Path

import pytest

from ccl.pipeline import check_file, compile_file

PACKED = {
    "good.ccl": 'execution { log("hi"); }\n',
    "warn.ccl": "execution { let x = 1; }\n",
    "broken.ccl": "execution { nothing(); }\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PACKED.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def found(folder: Path, text: str) -> list[tuple[str, str]]:
    """The diagnostics of a program, each with its file."""
    (folder / "main.ccl").write_text(text)
    compilation = check_file(folder / "main.ccl")
    return [
        (Path(compilation.sources.of(each.span).path).name, each.code)
        for each in compilation.sink.diagnostics
    ]


@pytest.mark.parametrize(
    "text",
    [
        'execution { log(string(module("./warn.ccl"))); }',
        'on "job.completed" { log(string(module("./warn.ccl"))); }',
        'execution { log(string(module(path: "./warn.ccl"))); }',
        'const JOB = module("./warn.ccl");\nexecution { log(string(JOB)); }',
        'fn first<T>(x: T) -> T { log(string(module("./warn.ccl"))); x }\n'
        "execution { log(string(first(1))); }",
        'test fn packs() { require(string(module("./warn.ccl")) != ""); }',
        'state last = module("./warn.ccl");\nexecution { log(string(last)); }',
        'program: module("./warn.ccl");',
        'if string(module("./warn.ccl")) == a { b: 1; }',
        'role Clerk { requires: string(module("./warn.ccl")) != ""; }',
        'contract Base { execution { log(string(module("./warn.ccl"))); } }',
        'fn given(f) -> String { string(f("./warn.ccl")) }\nexecution { log(given(module)); }',
    ],
)
def test_module_named_anywhere_in_a_program_is_packed(folder: Path, text: str) -> None:
    assert ("warn.ccl", "CCL0902") in found(folder, text)
    assert not [code for file, code in found(folder, text) if code in ("CCL0703", "CCL0706")]


def test_module_named_in_an_imported_function_is_packed(folder: Path) -> None:
    (folder / "lib").mkdir()
    (folder / "lib" / "jobs.ccl").write_text('export fn job() -> Cid { module("../warn.ccl") }\n')
    text = 'import "./lib/jobs.ccl" as jobs;\nexecution { log(string(jobs.job())); }'
    assert found(folder, text) == [("warn.ccl", "CCL0902")]


def test_module_that_an_imported_program_submits_is_not_compiled(folder: Path) -> None:
    (folder / "other.ccl").write_text('execution { log(string(module("./broken.ccl"))); }\n')
    text = 'import "./other.ccl" as other;\nexecution { log("hi"); }'
    assert ("main.ccl", "CCL0205") in found(folder, text)
    assert not [file for file, _ in found(folder, text) if file == "broken.ccl"]


def test_second_execution_packs_nothing(folder: Path) -> None:
    text = 'execution { log("hi"); }\nexecution { log(string(module("./broken.ccl"))); }'
    assert found(folder, text) == [("main.ccl", "CCL0701")]


def test_function_named_module_packs_nothing(folder: Path) -> None:
    text = 'fn module(path: String) -> String { path }\nexecution { log(module("./broken.ccl")); }'
    assert found(folder, text) == []


def test_call_as_an_entry_of_a_charter_packs_nothing(folder: Path) -> None:
    text = 'module("./broken.ccl");\nother(module("./broken.ccl"), [module("./warn.ccl")]);'
    assert ("broken.ccl", "CCL0202") not in found(folder, text)
    assert ("warn.ccl", "CCL0902") in found(folder, text)


def test_module_named_twice_is_compiled_once(folder: Path) -> None:
    (folder / "main.ccl").write_text(
        'execution { log("\\(module("./good.ccl"))\\(module("././good.ccl"))"); }'
    )
    compiled = compile_file(folder / "main.ccl")
    assert [each.path for each in compiled.packed] == ["./good.ccl"]


def test_error_of_a_module_is_reported_at_each_call(folder: Path) -> None:
    text = 'execution { log(string(module("./broken.ccl"))); log(string(module("./broken.ccl"))); }'
    assert found(folder, text) == [
        ("main.ccl", "CCL0703"),
        ("main.ccl", "CCL0703"),
        ("broken.ccl", "CCL0202"),
    ]
