"""Mutations of real answers, each of which the schema of the answer rejects."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import command_of, validator
from commands import ROOT, run
from meshcommand import ECHO

OF_THE_PROGRAM = frozenset({"value", "output", "data", "entries", "details", "rule", "sources"})
"""Keys of the program's own values, or of the facts of an error."""
NULLABLE = {
    "ccl run": {"value", "seed", "fuel", "written", "run"},
    "cclc check": {"fixed"},
    "cclc inspect": {"memory_pages", "trap_sites", "compiler"},
    "meshctl verify": {"reexecuted"},
    "meshctl list-jobs": set[str](),
}
"""Keys that may be null where the command succeeds. `error` aside."""
PROGRAM = """\
struct Told { number: Integer }
state seen: Integer = 0;
execution { seen += 1; log("seen"); emit Told { number: seen }; seen }
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    home = tmp_path_factory.mktemp("answers")
    (home / "seen.ccl").write_text(PROGRAM, encoding="utf-8")
    (home / "echo.wasm").write_bytes(bytes(ECHO))
    submit = ("submit-job", "--wasm", "echo.wasm", "--resource-amount", "500", "--wait", "-q")
    assert run("meshctl", *submit, home=home, cwd=home).code == 0
    (job,) = run("meshctl", "list-jobs", "-q", home=home, cwd=home).out.split()
    commands = (
        ("ccl", "run", ROOT / "examples" / "job.ccl"),
        ("ccl", "run", "seen.ccl"),
        ("cclc", "check", "seen.ccl"),
        ("cclc", "inspect", "echo.wasm"),
        ("meshctl", "verify", job),
        ("meshctl", "list-jobs"),
    )
    found = {}
    for command in commands:
        done = run(*command, "-o", "json", home=home, cwd=home)
        assert done.code == 0, done
        found[" ".join(map(str, command))] = json.loads(done.out)
    assert found["ccl run seen.ccl"]["effects"] and found["meshctl list-jobs"]["jobs"]
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Lists each place of an answer, outermost first, without the program's own values."""
    yield path, value
    if path and path[-1] in OF_THE_PROGRAM:
        return
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, inner in inside:
        yield from places(inner, (*path, key))


def changed(answer: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    found: Any = copy.deepcopy(answer)
    if not path:
        return {**found, **value}
    at = found
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return dict(found)


def without(answer: dict[str, Any], path: tuple[Any, ...], key: str) -> dict[str, Any]:
    found: Any = copy.deepcopy(answer)
    at = found
    for each in path:
        at = at[each]
    del at[key]
    return dict(found)


def mutants(name: str, answer: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields answers with one error each."""
    nullable = NULLABLE[name]
    for key in answer:
        if key not in nullable | {"error"}:
            yield f"{key} is null", changed(answer, (key,), None)
    for path, value in places(answer):
        shown = ".".join(map(str, path))
        if path and path[-1] not in OF_THE_PROGRAM:
            yield f"{shown} is of another type", changed(answer, path, {"wrong": [1.5]})
        if isinstance(value, dict) and (not path or path[-1] not in OF_THE_PROGRAM):
            yield f"{shown} has another key", changed(answer, path, {**value, "wrong": 1})
            for key in value:
                yield f"{shown} lacks {key}", without(answer, path, key)


def test_schema_rejects_each_change_of_a_real_answer(answers: dict[str, dict[str, Any]]) -> None:
    unnoticed = []
    for command, answer in answers.items():
        app, *words = command.split()
        name = f"{app} {command_of(app, words)}"
        schema = validator(app, command_of(app, words))
        schema.validate(answer)
        found = list(mutants(name, answer))
        assert len(found) > 2 * len(answer)
        unnoticed += [f"{command}: {what}" for what, each in found if schema.is_valid(each)]
    assert unnoticed == []


def test_keys_required_on_success_may_be_null_in_an_error(
    answers: dict[str, dict[str, Any]],
) -> None:
    error = {"code": "internal", "message": "", "hint": "", "details": {}}
    failed = {**answers["ccl run seen.ccl"], "outcome": None, "module": None, "error": error}
    assert validator("ccl", "run").is_valid(failed)
    assert not validator("ccl", "run").is_valid({**failed, "error": None})


@pytest.mark.parametrize(
    ("command", "exit_code", "code"),
    [
        (("ccl", "-o", "json"), 2, "usage"),
        (("meshctl", "-o", "json"), 2, "usage"),
        (("meshctl", "block", "-o", "json"), 2, "usage"),
        (("cclc", "inspect", "text.wasm", "-o", "json"), 2, "not-a-module"),
        (("cclc", "inspect", "damaged.wasm", "-o", "json"), 2, "module-refused"),
        (("ccl", "run", "loose.ccl", "7", "-o", "json"), 2, "wrong-arguments"),
        (("ccl", "run", "loose.ccl", "--entry", "no", "-o", "json"), 3, "no-entry"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_each_failure_has_a_code_of_its_own(
    command: tuple[str, ...], exit_code: int, code: str, tmp_path: Path
) -> None:
    (tmp_path / "loose.ccl").write_text("execution { 1 + 1; }", encoding="utf-8")
    (tmp_path / "text.wasm").write_text("(module)", encoding="utf-8")
    (tmp_path / "damaged.wasm").write_bytes(b"\0asm\1\0\0\0\x01\xff")
    done = run(*command, home=tmp_path, cwd=tmp_path)
    assert (done.code, json.loads(done.out)["error"]["code"]) == (exit_code, code)
