"""JSON values as text for people: aligned names and numbers, nested by indentation."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ccl.abi.text.values import untyped_to_json
from runtime.terminal.escaping import printable
from runtime.terminal.streams import number_text

_LIST_ITEMS_MAX = 50


def value_lines(value: Any, indent: str = "") -> Iterator[str]:
    """Writes a value as lines; an object of scalars becomes a table of two columns.

    A text of several lines is shown as such only if the lines have no other content.
    """
    match value:
        case str():
            yield from (f"{indent}{line}" for line in value.split("\n"))
        case dict():
            yield from _object_lines(value, indent)
        case list():
            for item in value[:_LIST_ITEMS_MAX]:
                lines = list(value_lines(item, ""))
                yield f"{indent}- {lines[0] if lines else ''}"
                yield from (f"{indent}  {line}" for line in lines[1:])
            if len(value) > _LIST_ITEMS_MAX:
                yield f"{indent}… {len(value) - _LIST_ITEMS_MAX} more"
            if not value:
                yield f"{indent}(empty)"
        case _:
            yield indent + _scalar_text(value)


def charter_lines(entries: Iterable[Sequence[Any]], indent: str = "") -> Iterator[str]:
    """Writes a replayed charter, much as in the source; an undecided condition is a remark."""
    for entry in entries:
        match entry:
            case ["property", key, value]:
                yield f"{indent}{key}: {_literal(value)};"
            case ["section", kind, label, inner]:
                head = kind if label is None else f"{kind} {_literal(label)}"
                yield f"{indent}{head} {{"
                yield from charter_lines(inner, indent + "  ")
                yield f"{indent}}}"
            case ["undecided", condition, missing, place]:
                yield f"{indent}// undecided: if {condition} ({missing} is missing; {place})"
            case _:
                raise AssertionError("the sandbox reads charters into these three forms")


def charter_value(entries: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """Converts the same to JSON: one object an entry."""
    shown: list[dict[str, Any]] = []
    for entry in entries:
        match entry:
            case ["property", key, value]:
                shown.append({"property": key, "value": untyped_to_json(value)})
            case ["section", kind, label, inner]:
                shown.append(
                    {
                        "section": kind,
                        "label": untyped_to_json(label),
                        "entries": charter_value(inner),
                    }
                )
            case ["undecided", condition, missing, place]:
                shown.append({"undecided": condition, "missing_field": missing, "place": place})
            case _:
                raise AssertionError("the sandbox reads charters into these three forms")
    return shown


def _literal(value: Any) -> str:
    return json.dumps(untyped_to_json(value), ensure_ascii=False)


def _object_lines(value: dict[str, Any], indent: str) -> Iterator[str]:
    if not value:
        yield f"{indent}(empty)"
        return
    scalars = {key: item for key, item in value.items() if not isinstance(item, dict | list)}
    key_width = max((len(printable(key)) for key in scalars), default=0)
    numbers = [_scalar_text(item) for item in scalars.values() if _is_number(item)]
    number_width = max(map(len, numbers), default=0)
    for key, item in value.items():
        if key in scalars:
            text = _scalar_text(item)
            shown = f"{text:>{number_width}}" if _is_number(item) else text
            yield f"{indent}{printable(key):<{key_width}}  {shown}"
        else:
            yield f"{indent}{printable(key)}"
            yield from value_lines(item, indent + "  ")


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _scalar_text(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case int():
            return number_text(value, sys.stdout)
        case _:
            return printable(str(value))
