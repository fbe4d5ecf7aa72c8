"""Each command with a format has a schema of its answers, and docs/schemas/ shows it."""

import re
import sys
from pathlib import Path

import pytest
from answers import COMMANDS
from commandlines import LINES, commands_of

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from answer_schemas import FOLDER, error_codes, pages  # noqa: E402


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


def test_error_codes_are_kebab_case_and_known_once() -> None:
    codes = error_codes()
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code) for code in codes)
    for code in ("not-found", "unreadable", "unwritable", "too-large", "is-a-directory"):
        assert code not in codes, f"file-{code} is the word of all three commands"
