"""The answer of a command to programs: one object on stdout, whatever happened.

Rule: a command gives the parts of its answer as it has them; the boundary prints it once, when the
command has ended, with the same keys each time: `error` is null or describes the error, and absent
results are null or empty.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from runtime.terminal.errors import CommandError
from runtime.terminal.escaping import UNSAFE_IN_LINE
from runtime.terminal.streams import say_text

JSON: Final = "json"
JSONL: Final = "jsonl"
YAML: Final = "yaml"
ANSWERED: Final = (JSON, JSONL, YAML)
"""The formats in which a command answers; in all others it writes its own output."""

Schema = Mapping[str, Any]
Fields = Mapping[str, Schema]
"""The keys of an answer, `error` aside, each with the JSON Schema of its value."""
Answers = Mapping[str, Fields]
"""The answers of an app by the words of the command (`block put`)."""


class Answer:
    """The parts of one command's answer so far. form: None where people read it."""

    def __init__(self, form: str | None) -> None:
        self.form = form
        self.value: dict[str, Any] = {}
        self.error: CommandError | None = None

    @property
    def is_wanted(self) -> bool:
        return self.form in ANSWERED

    def complete(self, fields: Fields) -> dict[str, Any]:
        """Builds the object with all of its keys."""
        empty = {key: _empty(schema) for key, schema in fields.items()}
        error = None if self.error is None else self.error.to_value()
        return {**empty, **self.value, "error": error}


_current = Answer(None)


def begin(form: str | None) -> Answer:
    """Begins the answer of the command that runs now."""
    global _current  # noqa: PLW0603 - a process runs one command at a time
    _current = Answer(form)
    return _current


def current() -> Answer:
    return _current


def give(value: Mapping[str, Any]) -> None:
    """Adds to the answer of the command that runs now."""
    _current.value |= value


def fail(error: CommandError) -> None:
    """Records an error of a command that goes on to its end; the first one stays."""
    _current.error = _current.error or error


def say_item(item: Mapping[str, Any]) -> None:
    """Prints one line of an answer in lines, at once."""
    say_text(one_line(item))


def print_answer(answer: Answer, fields: Fields) -> None:
    """Prints what a command answers at its end."""
    if not answer.value and answer.error is None:
        return  # the help, the version, or lines that were printed one by one

    match answer.form:
        case "jsonl" if not answer.value:
            say_text(one_line(answer.complete({})))
        case "jsonl":
            say_text(one_line(answer.complete(fields)))
        case "yaml":
            say_text(yaml_text(answer.complete(fields)))
        case _:
            say_text(json.dumps(answer.complete(fields), indent=2, ensure_ascii=False))


def one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _empty(schema: Schema) -> Any:
    if "const" in schema:
        return schema["const"]
    kinds = schema.get("type")
    is_list = kinds == "array" or (isinstance(kinds, Sequence) and "array" in kinds)
    return [] if is_list else None


def yaml_text(value: Any) -> str:
    """Writes YAML; characters that control a terminal are between quotes, where an escape is their
    value."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes texts where needed."""

    def text(dumper: Dumper, value: str) -> yaml.ScalarNode:
        style = '"' if UNSAFE_IN_LINE.search(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    shown: str = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return shown.rstrip("\n")
