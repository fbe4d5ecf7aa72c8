"""A replayed charter as one JSON object, and back: nothing is lost where entries share a key.

Keys keep their order. An entry is under its key as its value, a section as an object. An entry
whose head has more than a key has keys that begin with `$` for the rest: `$value` of a section with
a value, `$from` and `$to` or `$below` of a band, `$arguments` of a call. Such entries, and all that
share a key, are a list under the key. A key of the charter that begins with `$` has one `$` more.

Numbers keep their unit: `40%`, `7d`, `2GiB`; those with places are texts (`"0.66"`), times are RFC
3339. A text of one of these forms is `{"$text": "40%"}`. `ccl.cli.charter.schema` has the same as a
schema. Undecided conditions are beside the charter, each with its place in it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from ccl.abi.text.times import YEARS, rfc3339
from ccl.ir.typed import NumberUnit

_TIME_STEPS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SIZE_STEPS: Final = {"TiB": 1 << 40, "GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "B": 1}
_NUMBER: Final = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(%|[dhms]|[KMGT]iB|B)?", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def charter_value(entries: Sequence[Any]) -> dict[str, Any]:
    """Converts a charter, as `Execution.charter` holds it, to one object."""
    return {
        _escaped(key): _form(group[0]) if _is_alone(group) else [_form(each) for each in group]
        for key, group in _grouped(entries).items()
    }


def charter_order(entries: Sequence[Any], pointer: str = "") -> Iterator[tuple[Any, str]]:
    """Lists the entries in the order of a section's object, those of one key together, each with
    the JSON pointer to its form (RFC 6901)."""
    for key, group in _grouped(entries).items():
        place = f"{pointer}/{_escaped(key).replace('~', '~0').replace('/', '~1')}"
        for number, entry in enumerate(group):
            yield entry, place if _is_alone(group) else f"{place}/{number}"


def _grouped(entries: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for entry in entries:
        match entry:
            case ["property" | "section", str(key), *_]:
                found.setdefault(key, []).append(entry)
            case _:
                continue
    return found


def _is_alone(group: Sequence[Any]) -> bool:
    match group:
        case [["property", _, {"call": str()}]]:
            return False
        case [["property", *_] | ["section", _, None, _]]:
            return True
        case _:
            return False


def _form(entry: Any) -> Any:
    match entry:
        case ["property", _, {"call": str()} as call]:
            return _arguments(call)
        case ["property", _, value]:
            return value_form(value)
        case ["section", _, label, list(inner)]:
            return {**_head(label), **charter_value(inner)}
        case _:
            raise ValueError("an entry of unknown form")


Remarks: TypeAlias = MutableMapping[str, list[tuple[int, list[str]]]]
"""Conditions by the pointer to their section, each with the number of entries before it."""


def answer_entries(answer: Any) -> list[Any]:
    """Lists the entries that an answer of `ccl charter -o json` shows, those of one key
    together."""
    remarks: Remarks = defaultdict(list)
    for each in answer["undecided"]:
        entry = ["undecided", each["condition"], each["missing_field"], each["place"]]
        if not all(isinstance(part, str) for part in entry):
            raise TypeError("a condition, its field and its place are texts")
        remarks[each["pointer"]].append((int(each["position"]), entry))
    entries = charter_entries(answer["charter"], remarks)
    for pointer in remarks:
        raise ValueError(f"it has an undecided condition at {pointer!r}, where no section is")
    return entries


def charter_entries(value: Any, remarks: Remarks | None = None, pointer: str = "") -> list[Any]:
    """Reads the entries of an object that `charter_value` made. A remark whose section is found is
    removed from `remarks`."""
    if not isinstance(value, dict):
        raise TypeError("a section is an object")
    left = {} if remarks is None else remarks
    found = [
        entry
        for key, form in value.items()
        if not _is_marker(key)
        for entry in _entries(key, form, left, pointer)
    ]
    for position, remark in reversed(left.pop(pointer, [])):
        if not 0 <= position <= len(found):
            raise ValueError(f"{pointer!r} has no {position} entries before a condition")
        found.insert(position, remark)
    return found


def _entries(written: str, form: Any, remarks: Remarks, pointer: str) -> Iterator[Any]:
    key = written[1:] if written.startswith("$$") else written
    inside = f"{pointer}/{written.replace('~', '~0').replace('/', '~1')}"
    several = isinstance(form, list) and any(map(_has_head, form))
    for number, item in enumerate(form if several else [form]):
        match item:
            case {"$arguments": arguments}:
                yield ["property", key, {"call": key, **_given(arguments)}]
            case {"$text": _} | {"$call": _}:
                yield ["property", key, read_value(item)]
            case dict():
                place = f"{inside}/{number}" if several else inside
                yield ["section", key, _label(item), charter_entries(item, remarks, place)]
            case _:
                yield ["property", key, read_value(item)]


def _has_head(item: Any) -> bool:
    return isinstance(item, dict) and (
        "$value" in item or "$from" in item or ("$arguments" in item and "$call" not in item)
    )


def _is_marker(key: str) -> bool:
    return key.startswith("$") and not key.startswith("$$")


def _escaped(key: str) -> str:
    return f"${key}" if key.startswith("$") else key


def _head(label: Any) -> dict[str, Any]:
    match label:
        case None:
            return {}
        case {"from": low, "to": high}:
            return {"$from": value_form(low), "$to": value_form(high)}
        case {"from": low, "below": high}:
            return {"$from": value_form(low), "$below": value_form(high)}
        case _:
            return {"$value": value_form(label)}


def _label(item: dict[str, Any]) -> Any:
    match item:
        case {"$from": low, "$to": high}:
            return {"from": read_value(low), "to": read_value(high)}
        case {"$from": low, "$below": high}:
            return {"from": read_value(low), "below": read_value(high)}
        case {"$value": value}:
            return read_value(value)
        case _:
            return None


# --- values -----------------------------------------------------------------------------


def value_form(value: Any) -> Any:
    """Converts a value of the charter to JSON."""
    match value:
        case {"unit": str(unit), "value": int() | str() as number}:
            return number_text(number, unit)
        case {"call": str(name)}:
            return {"$call": name, **_arguments(value)}
        case {"entries": list(entries)}:
            return charter_value(entries)
        case list():
            return [value_form(each) for each in value]
        case str() if _number(value) is not None:
            return {"$text": value}
        case str() | int():
            return value
        case _:
            raise ValueError("a value of unknown form")


def read_value(form: Any) -> Any:
    """Reads the value of a form."""
    match form:
        case {"$text": str(text)}:
            return text
        case {"$call": str(name), "$arguments": arguments}:
            return {"call": name, **_given(arguments)}
        case dict():
            return {"entries": charter_entries(form)}
        case list():
            return [read_value(each) for each in form]
        case str() if (number := _number(form)) is not None:
            return number
        case str() | int():
            return form
        case _:
            raise ValueError(f"{form!r} is no value of a charter")


def _arguments(given: dict[str, Any]) -> dict[str, Any]:
    match given:
        case {"arguments": list(arguments)}:
            return {"$arguments": [value_form(each) for each in arguments]}
        case {"named": list(named)}:
            return {"$arguments": {name: value_form(each) for name, each in named}}
        case _:
            raise ValueError("a call of unknown form")


def _given(arguments: Any) -> dict[str, Any]:
    if isinstance(arguments, dict):
        return {"named": [[name, read_value(each)] for name, each in arguments.items()]}
    return {"arguments": [read_value(each) for each in arguments]}


def number_text(number: int | str, unit: str) -> str:
    """Writes a number with its unit, as CCL does."""
    match NumberUnit(unit):
        case NumberUnit.PLAIN | NumberUnit.PERCENT:
            return f"{number}{unit}"
        case NumberUnit.SECONDS:
            return _stepped(int(number), _TIME_STEPS)
        case NumberUnit.BYTES:
            return _stepped(int(number), _SIZE_STEPS)
        case NumberUnit.UNIX_SECONDS:
            moment = rfc3339(int(number))
            if moment is None:
                raise ValueError(f"{number}s since 1970 is a time outside {YEARS}")
            return moment


def _stepped(number: int, steps: dict[str, int]) -> str:
    """Converts to the largest unit of which the number is a whole multiple."""
    *larger, smallest = steps
    for unit in larger:
        if number and number % steps[unit] == 0:
            return f"{number // steps[unit]}{unit}"
    return f"{number}{smallest}"


def _number(text: str) -> dict[str, Any] | None:
    """Reads the number with a unit, or with places, that a text spells."""
    if _TIME.fullmatch(text):
        return _moment(text)
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    digits, unit = match.groups()
    read: Callable[[str], int | str] = str if "." in digits else int
    if unit is None and "." not in digits:
        return None  # whole numbers are no texts
    if unit is None or unit == "%":
        return {"unit": unit or "", "value": read(digits)}
    if "." in digits:
        return None
    kind, steps = ("s", _TIME_STEPS) if unit in _TIME_STEPS else ("B", _SIZE_STEPS)
    return {"unit": kind, "value": int(digits) * steps[unit]}


def _moment(text: str) -> dict[str, Any] | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return {"unit": NumberUnit.UNIX_SECONDS.value, "value": int(moment.timestamp())}
