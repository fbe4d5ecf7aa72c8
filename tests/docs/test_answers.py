"""Each command with a format has a schema of its answers, and docs/schemas/ shows it."""

import ast
import re
import sys
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

import pytest
from answers import COMMANDS
from commandlines import LINES, commands_of

from mesh.actors.submitter.submission import SubmissionFault
from mesh.core.jobs.job import FINAL, Phase
from mesh.core.ports.blocks import BlockFault
from runtime.execution.execution import OutcomeKind
from runtime.terminal.codes import CODES
from runtime.tokens.token import TokenRefusal

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from answer_schemas import FOLDER, pages  # noqa: E402


def options_of(name: str) -> dict[str, set[str]]:
    return {
        words: {option for each in command.params for option in each.opts}
        for words, command in commands_of(LINES[name])
    }


def test_schemas_in_docs_are_up_to_date() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert written == dict(pages()), "`make docs` brings them up to date"


@pytest.mark.parametrize("name", LINES)
def test_each_command_with_a_format_has_an_answer(name: str) -> None:
    with_format = {words for words, options in options_of(name).items() if "--format" in options}
    assert with_format == set(COMMANDS[name])


@pytest.mark.parametrize("name", LINES)
def test_o_is_the_format_everywhere_but_in_compile(name: str) -> None:
    for words, options in options_of(name).items():
        if f"{name} {words}" == "cclc compile":
            assert "-o" in options
        else:
            assert ("-o" in options) == ("--format" in options), words


def slugs(*members: Enum) -> set[str]:
    return {each.name.lower().replace("_", "-") for each in members}


NAMED_OTHERWISE = frozenset(
    {
        SubmissionFault.ID_TAKEN,
        SubmissionFault.OVER_LIMIT,
        SubmissionFault.NOT_SOLD,
        SubmissionFault.NO_TOKEN,
        SubmissionFault.MALFORMED,
        SubmissionFault.TOKEN,
    }
)


def computed_codes() -> set[str]:
    """The codes that are composed, from their parts."""
    names: dict[str, Iterable[Enum]] = {
        "block": BlockFault,
        "job": FINAL - {Phase.VERIFIED},
        "token": TokenRefusal,
    }
    names["submission"] = {*SubmissionFault} - NAMED_OTHERWISE
    kinds = {each.value for each in OutcomeKind if each is not OutcomeKind.SUCCEEDED}
    found = {f"{family}-{slug}" for family, members in names.items() for slug in slugs(*members)}
    found |= {f"program-{kind}" for kind in kinds}
    for noun in ("job", "member", "node", "run", "token"):
        found |= {f"unknown-{noun}", f"ambiguous-{noun}", f"{noun}-id-too-short"}
    return found


def written_codes() -> set[str]:
    """The texts of the sources that an error can have as its code."""
    found = set()
    for folder in ("ccl/cli", "mesh", "runtime"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.name == "codes.py":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return found


def codes_of_calls() -> set[str]:
    """The codes in the calls that build errors."""
    found = set()
    for folder in ("ccl/cli", "mesh", "runtime"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Name(id="CommandError"),
                        args=[_, ast.Constant(value=str(code)), *_],
                    ):
                        found.add(code)
    return found


def test_each_code_of_a_call_and_each_computed_code_is_in_the_table() -> None:
    assert codes_of_calls() | computed_codes() <= set(CODES)


def test_each_code_of_the_table_is_used() -> None:
    assert set(CODES) <= written_codes() | computed_codes()


def test_error_codes_are_kebab_case_and_known_once() -> None:
    codes = CODES
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code) for code in codes)
    assert all(exits and sentence.endswith(".") for exits, sentence in codes.values())
    for code in ("not-found", "unreadable", "unwritable", "too-large", "is-a-directory"):
        assert code not in codes, f"file-{code} is the word of all three commands"
