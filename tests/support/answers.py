"""Validation of every answer to programs that a test sees."""

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from jsonschema import Draft202012Validator

from ccl.cli.answers.ccl import CCL
from ccl.cli.answers.cclc import CCLC
from mesh.cli.answers import ANSWERS
from runtime.terminal.answers.schema import document

COMMANDS = {"ccl": CCL, "cclc": CCLC, "meshctl": ANSWERS}


def check_answer(name: str, arguments: Sequence[str], out: str, code: int) -> None:
    """Checks that a request for JSON gives one object on stdout, whatever happened: of the
    command's schema, and with an error if, and only if, the exit code is not 0."""
    if not asks_for_json(name, arguments) or "--watch" in arguments:
        return
    if "-h" in arguments or "--help" in arguments:
        return
    value: Any = json.loads(out)
    assert isinstance(value, dict), value
    assert (value["error"] is None) == (code == 0), (code, value["error"])
    validator(name, command_of(name, arguments)).validate(value)


def asks_for_json(name: str, arguments: Sequence[str]) -> bool:
    words = [*arguments, ""]
    words = words[: words.index("--")] if "--" in words else words
    options = ["--format"] if name == "cclc" and words[0] == "compile" else ["-o", "--format"]
    return "--format=json" in words or any(
        option in options and value == "json" for option, value in pairwise(words)
    )


def command_of(name: str, arguments: Sequence[str]) -> str:
    """The words of the command; none where there is no such command."""
    words = [each for each in arguments if not each.startswith("-")]
    for start in range(min(len(words), 2)):
        for command in (" ".join(words[start : start + 2]), words[start]):
            if command in COMMANDS[name]:
                return command
    return ""


@cache
def validator(name: str, command: str) -> Draft202012Validator:
    schema = document(f"{name} {command}", COMMANDS[name].get(command, {}))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
