"""A replayed charter as text, and its undecided conditions."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from ccl.cli.charter.forms import charter_order, number_text, value_form
from ccl.parser.lexer.tokens import KEYWORDS

_KEYWORDS: Final = frozenset(KEYWORDS) - {"contract"}
_ITEMS_ALONE: Final = _KEYWORDS | {"execution"}
_ITEMS_LABELLED: Final = _KEYWORDS | {"on", "invariant", "override", "range"}
"""Words that begin no section before `{`, or before a label, unless they are in quotes."""


class Undecided(Struct, frozen=True, kw_only=True):
    """A condition that this context does not decide: the field that is missing, and its place.

    section: the keys that lead to the rule. pointer: to its section in `charter_value`; position:
    the number of entries there before it.
    """

    condition: str
    missing: str
    place: str
    section: tuple[str, ...]
    pointer: str
    position: int

    def to_json(self) -> dict[str, Any]:
        return {
            "condition": self.condition,
            "missing_field": self.missing,
            "place": self.place,
            "section": ".".join(self.section),
            "pointer": self.pointer,
            "position": self.position,
        }


def charter_text(entries: Sequence[Any], indent: str = "") -> Iterator[str]:
    """Writes the charter as it would be without conditions; an undecided one is a remark."""
    for entry in entries:
        match entry:
            case ["property", str(key), {"call": str()} as call]:
                yield f"{indent}{_written(call, key)};"
            case ["property", str(key), value]:
                is_item = key == "execution" and isinstance(value, dict) and "unit" not in value
                shown = json.dumps(key) if is_item else _key(key)
                yield f"{indent}{shown}: {_written(value)};"
            case ["section", str(key), label, list(inner)]:
                yield f"{indent}{_head(key, label)} {{"
                yield from charter_text(inner, indent + "  ")
                yield f"{indent}}}"
            case ["undecided", str(condition), str(missing), str(place)]:
                yield f"{indent}// undecided: if {condition} ({missing} is missing; {place})"
            case _:
                raise AssertionError("the sandbox reads charters into these three forms")


def _head(key: str, label: Any) -> str:
    match label:
        case None:
            return _section_key(key, _ITEMS_ALONE)
        case {"from": low, **rest}:
            before = "" if key == "range" else f"{_key(key)} "
            dots = ".." if "below" in rest else " "
            (high,) = rest.values()
            return f"{before}range {_written(low)}{dots}{_written(high)}"
        case _:
            return f"{_section_key(key, _ITEMS_LABELLED)} {_written(label)}"


def _section_key(key: str, items: frozenset[str]) -> str:
    """Quotes a key that would otherwise not be the key of a section."""
    return json.dumps(key) if key in items else _key(key)


def _key(key: str) -> str:
    return key if key.isidentifier() else json.dumps(key, ensure_ascii=False)


def _written(value: Any, key: str = "") -> str:
    """Writes a value as CCL does."""
    match value:
        case {"unit": str(unit), "value": int() | str() as number}:
            return number_text(number, unit)
        case {"call": str(name), "arguments": list(arguments)}:
            return f"{key or name}({', '.join(_written(each) for each in arguments)})"
        case {"call": str(name), "named": list(named)}:
            return f"{key or name}({', '.join(f'{each}: {_written(of)}' for each, of in named)})"
        case {"entries": list(entries)}:
            inside = ", ".join(_written_entry(each) for each in entries)
            return f"{{ {inside} }}" if inside else "{}"
        case list():
            return f"[{', '.join(_written(each) for each in value)}]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _written_entry(entry: Any) -> str:
    """Writes an entry of an inline object, on one line."""
    match entry:
        case ["property", str(key), value]:
            return f"{_key(key)}: {_written(value)}"
        case ["section", str(key), label, list(inner)]:
            inside = " ".join(f"{_written_entry(each)};" for each in inner)
            return f"{_head(key, label)} {{ {inside} }}" if inside else f"{_head(key, label)} {{}}"
        case _:
            raise AssertionError("the sandbox reads charters into these forms")


def undecided(
    entries: Sequence[Any], section: tuple[str, ...] = (), pointer: str = ""
) -> Iterator[Undecided]:
    """Lists the undecided conditions, in their order."""
    places = {
        id(entry): (number, place)
        for number, (entry, place) in enumerate(charter_order(entries, pointer), start=1)
    }
    before = 0
    for entry in entries:
        match entry:
            case ["undecided", str(condition), str(missing), str(place)]:
                yield Undecided(
                    condition=condition,
                    missing=missing,
                    place=place,
                    section=section,
                    pointer=pointer,
                    position=before,
                )
            case ["section", str(key), label, list(inner)]:
                before, inside = places[id(entry)]
                called = () if label is None or isinstance(label, dict) else (_text(label),)
                yield from undecided(inner, (*section, key, *called), inside)
            case _:
                before, _ = places[id(entry)]


def _text(value: Any) -> str:
    form = value_form(value)
    match form:
        case str():
            return form
        case {"$text": str(text)}:
            return text
        case _:
            return json.dumps(form, ensure_ascii=False)
