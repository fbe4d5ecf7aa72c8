"""Compared values of a test as text in the form of CCL, and their difference."""

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

from ccl.abi.sections import Abi
from ccl.abi.text.values import TypeRef, parse_type, to_json, untyped_to_json

LINE_CHARS_MAX: Final = 60
"""Columns of a value that is written on one line."""
CONTEXT_LINES: Final = 2
"""Equal lines shown around those that differ."""

_NULLABLE: Final = frozenset({"Option", "Unit", "Data"})
"""Types with a value that is written as null, so that Some of it is a list."""


class Group(Struct, frozen=True):
    """`open part, part close`; each part with the text before it (`id: `)."""

    open: str
    parts: tuple[tuple[str, "Shown"], ...]
    close: str


Shown: TypeAlias = str | Group


def value_lines(kind: str, value: Any, abi: Abi) -> list[str]:
    """Writes a wire value of a type, on one line if it is short."""
    return list(_lines(_shown(parse_type(kind), value, abi), "", ""))


def difference(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Gives (" ", "-" or "+", line): common lines, those of left, those of right."""
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    shown = 0
    for group in matcher.get_grouped_opcodes(CONTEXT_LINES):
        if group[0][1] > shown:
            yield " ", "…"
        for tag, start, end, other_start, other_end in group:
            if tag == "equal":
                yield from ((" ", line) for line in left[start:end])
            else:
                yield from (("-", line) for line in left[start:end])
                yield from (("+", line) for line in right[other_start:other_end])
        shown = group[-1][2]
    if shown < len(left):
        yield " ", "…"


def _flat(shown: Shown) -> str:
    if isinstance(shown, str):
        return shown
    inside = ", ".join(name + _flat(part) for name, part in shown.parts)
    space = " " if shown.open.endswith("{") and inside else ""
    return f"{shown.open}{space}{inside}{space}{shown.close}"


def _lines(shown: Shown, indent: str, before: str) -> Iterator[str]:
    flat = _flat(shown)
    if isinstance(shown, str) or len(indent) + len(before) + len(flat) <= LINE_CHARS_MAX:
        yield f"{indent}{before}{flat}"
        return
    yield f"{indent}{before}{shown.open}"
    for name, part in shown.parts:
        *lines, last = _lines(part, indent + "  ", name)
        yield from lines
        yield last + ","
    yield indent + shown.close


def _shown(kind: TypeRef, value: Any, abi: Abi) -> Shown:
    match kind.name, kind.arguments:
        case "Array", (element,):
            parts = tuple(("", _shown(element, each, abi)) for each in value)
            return Group("[", parts, "]")
        case "Map", (key, item):
            pairs = ((_flat(_shown(key, k, abi)), _shown(item, v, abi)) for k, v in value)
            return Group("{", tuple((f"{name}: ", part) for name, part in pairs), "}")
        case "Option", (inner,):
            if value is None:
                return "None"
            some = value[0] if inner.name in _NULLABLE else value
            return _payload("Some", (inner,), (some,), abi)
        case "Result", (ok, err):
            ((name, inner),) = value.items()
            return _payload(name, (ok if name == "Ok" else err,), (inner,), abi)
        case "Data", ():
            return _data(value)
        case _:
            return _named(kind, value, abi)


def _named(kind: TypeRef, value: Any, abi: Abi) -> Shown:
    name = str(kind)
    if name in abi.structs:
        fields = tuple(
            (f"{field}: ", _shown(parse_type(text), value[field], abi))
            for field, text in abi.structs[name]
        )
        return Group(f"{kind.name} {{", fields, "}")
    if name in abi.enums:
        if isinstance(value, str):
            return f"{kind.name}::{value}"
        ((variant, content),) = value.items()
        payload = next(kinds for each, kinds in abi.enums[name] if each == variant)
        parts = (content,) if len(payload) == 1 else tuple(content)
        return _payload(f"{kind.name}::{variant}", tuple(map(parse_type, payload)), parts, abi)
    return _scalar(kind, value, abi)


def _scalar(kind: TypeRef, value: Any, abi: Abi) -> str:
    shown = to_json(kind, value, abi)
    if kind.name in ("Timestamp", "Decimal"):
        return str(shown)
    if kind.name == "Duration":
        return f"{shown}s"
    return json.dumps(shown, ensure_ascii=False)


def _payload(name: str, kinds: tuple[TypeRef, ...], values: tuple[Any, ...], abi: Abi) -> Group:
    pairs = zip(kinds, values, strict=True)
    return Group(f"{name}(", tuple(("", _shown(kind, each, abi)) for kind, each in pairs), ")")


def _data(value: Any) -> Shown:
    match value:
        case dict():
            return Group("{", tuple((f"{key}: ", _data(each)) for key, each in value.items()), "}")
        case list():
            return Group("[", tuple(("", _data(each)) for each in value), "]")
        case _:
            return json.dumps(untyped_to_json(value), ensure_ascii=False)
