"""A replayed charter as plain values, for people and for machines.

Keys keep their order. A section with a value stands under it (`election: {board: {…}}`), the
bands of `range` rules and the calls of one name are lists. Numbers keep their unit: `40%`, `7d`,
`2GiB`; other numbers with places are texts (`"0.66"`), times RFC 3339.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from ccl.parsing.tokens import KEYWORDS
from ccl.typed import NumberUnit

_KEYWORDS: Final = frozenset(KEYWORDS) - {"contract"}
_ITEMS_ALONE: Final = _KEYWORDS | {"execution"}
_ITEMS_LABELLED: Final = _KEYWORDS | {"on", "invariant", "override", "range"}
"""Before `{`, and before a label, these begin no section unless they are in quotes."""
_TIME_STEPS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"))
_SIZE_STEPS: Final = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


class Undecided(Struct, frozen=True, kw_only=True):
    """A condition that this context does not decide: the field that is missing, and its place.

    section: the keys that lead to the rule.
    """

    condition: str
    missing: str
    place: str
    section: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "condition": self.condition,
            "missing_field": self.missing,
            "place": self.place,
            "section": ".".join(self.section),
        }


def charter_value(entries: Sequence[Any]) -> dict[str, Any]:
    """The charter as one object, from what `Execution.charter` holds."""
    found: dict[str, Any] = {}
    for entry in entries:
        match entry:
            case ["property", str(key), {"call": str(), "arguments": arguments}]:
                _append(found, key, _value(arguments))
            case ["property", str(key), value]:
                _put(found, key, _value(value))
            case ["section", str(key), None, list(inner)]:
                _put(found, key, charter_value(inner))
            case ["section", str(key), {"from": low, **rest}, list(inner)]:
                ((end, high),) = rest.items()
                bounds = {"from": _value(low), end: _value(high)}
                _append(found, key, bounds | charter_value(inner))
            case ["section", str(key), label, list(inner)]:
                _put_labelled(found, key, _text(_value(label)), charter_value(inner))
            case _:
                pass
    return found


def charter_text(entries: Sequence[Any], indent: str = "") -> Iterator[str]:
    """The charter as it would be written without conditions; an undecided one is a remark."""
    for entry in entries:
        match entry:
            case ["property", str(key), {"call": str(), "arguments": _} as call]:
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
    """In quotes where it would be read as something else than the key of a section."""
    return json.dumps(key) if key in items else _key(key)


def _key(key: str) -> str:
    return key if key.isidentifier() else json.dumps(key, ensure_ascii=False)


def _written(value: Any, key: str = "") -> str:
    """A value as CCL has it."""
    match value:
        case {"unit": str(unit), "value": int() | str() as number, **rest} if not rest:
            return _number(number, unit)
        case {"call": str(name), "arguments": arguments, **rest} if not rest:
            given = (
                [f"{each}: {_written(of)}" for each, of in arguments.items()]
                if isinstance(arguments, dict)
                else [_written(each) for each in arguments]
            )
            return f"{key or name}({', '.join(given)})"
        case dict():
            inside = ", ".join(f"{_key(each)}: {_written(of)}" for each, of in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case list():
            return f"[{', '.join(_written(each) for each in value)}]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def undecided(entries: Sequence[Any], section: tuple[str, ...] = ()) -> Iterator[Undecided]:
    """The conditions that could not be decided, in their order."""
    for entry in entries:
        match entry:
            case ["undecided", str(condition), str(missing), str(place)]:
                yield Undecided(condition=condition, missing=missing, place=place, section=section)
            case ["section", str(key), label, list(inner)]:
                called = () if label is None or isinstance(label, dict) else (_text(_value(label)),)
                yield from undecided(inner, (*section, key, *called))
            case _:
                pass


def _put(found: dict[str, Any], key: str, value: Any) -> None:
    """A section of a key may stand beside others of that key which have values."""
    before = found.get(key)
    if isinstance(before, dict) and isinstance(value, dict):
        value = {**value, **before}
    found[key] = value


def _put_labelled(found: dict[str, Any], key: str, label: str, value: Any) -> None:
    group = found.setdefault(key, {})
    if not isinstance(group, dict):
        group = found[key] = {"": group}
    group[label] = value


def _append(found: dict[str, Any], key: str, value: Any) -> None:
    before = found.get(key)
    if isinstance(before, list):
        before.append(value)
    else:
        found[key] = [value] if before is None else [before, value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(value: Any) -> Any:
    match value:
        case {"unit": str(unit), "value": int() | str() as number, **rest} if not rest:
            return _number(number, unit)
        case {"call": str(name), "arguments": arguments, **rest} if not rest:
            return {name: _value(arguments)}
        case dict():
            return {key: _value(each) for key, each in value.items()}
        case list():
            return [_value(each) for each in value]
        case _:
            return value


def _number(number: int | str, unit: str) -> str:
    match NumberUnit(unit):
        case NumberUnit.PLAIN | NumberUnit.PERCENT:
            return f"{number}{unit}"
        case NumberUnit.SECONDS:
            return _stepped(int(number), _TIME_STEPS, "s")
        case NumberUnit.BYTES:
            return _stepped(int(number), _SIZE_STEPS, "B")
        case NumberUnit.UNIX_SECONDS:
            moment = datetime.fromtimestamp(int(number), UTC)
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _stepped(number: int, steps: Sequence[tuple[int, str]], unit: str) -> str:
    for step, letter in steps:
        if number and number % step == 0:
            return f"{number // step}{letter}"
    return f"{number}{unit}"
