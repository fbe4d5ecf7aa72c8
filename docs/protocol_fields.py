"""Tables of the fields of records: types from their annotations, meanings from their docstrings."""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from protocol_meanings import meaning_of

from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Checked, Size

_ENCODED: Final = {str: "text", bytes: "bytes", int: "integer", bool: "true or false"}


def lead(kind: type[Any]) -> str:
    """The docstring without the meanings of fields, on one line."""
    text = _docstring(kind)
    first = next(_mentions(kind, text), None)
    if first is None:
        return text
    after = (rest for _, _, rest in _said(kind) if rest)
    return " ".join([text[: first.start()].rstrip(), *after])


def fields_table(kind: type[Any]) -> str:
    """The table of a record's own fields."""
    hints = get_type_hints(kind, include_extras=True)
    meanings = {name: meaning_of(kind.__name__, name) for name in kind.__struct_fields__}
    meanings |= _meanings(kind)
    rows = (
        f"| `{name}` | {type_name(hints[name])} | {meaning} |" for name, meaning in meanings.items()
    )
    return "\n".join(["| Field | Type | Meaning |", "|---|---|---|", *rows])


def type_name(hint: Any) -> str:
    """The type of a field in words, with its bounds."""
    marks: tuple[Any, ...] = ()
    while get_origin(hint) is Annotated:
        hint, *more = get_args(hint)
        marks = (*more, *marks)
    words = _bare_name(hint, next((m for m in marks if isinstance(m, Size)), None))
    bounds = next((m for m in marks if isinstance(m, Between)), None)
    if bounds is not None:
        words += f" {_bound(bounds.low)} … {_bound(bounds.high)}"
    checked = next((m for m in marks if isinstance(m, Checked)), None)
    return words if checked is None else f"{words}: {checked.words}"


def nested(kinds: Iterator[type[Any]]) -> list[type[Any]]:
    """The records and enums within others, in the order in which they are met."""
    found: dict[type[Any], None] = {}
    waiting = list(kinds)
    own = set(waiting)
    while waiting:
        hints = get_type_hints(waiting.pop(0), include_extras=True)
        for each in (part for hint in hints.values() for part in _parts(hint)):
            if each not in own and each not in found:
                found[each] = None
                if issubclass(each, Struct):
                    waiting.append(each)
    return list(found)


def words_of(kind: type[Enum]) -> str:
    """The values of an enum."""
    return ", ".join(f"`{each.value}`" for each in kind)


def _docstring(kind: type[Any]) -> str:
    # (`inspect.getdoc` would give that of a base where a kind has none)
    return " ".join((kind.__doc__ or "").split())


def _mentions(kind: type[Any], text: str) -> Iterator[re.Match[str]]:
    """Where a docstring begins to say what fields mean: `name, other: …`."""
    names = set(kind.__struct_fields__)
    for match in re.finditer(r"(?:(?<=^)|(?<=[.;,] ))(\w+(?:, \w+)*): ", text):
        if names.issuperset(match[1].split(", ")):
            yield match


def _meanings(kind: type[Any]) -> dict[str, str]:
    return {name: meaning for names, meaning, _ in _said(kind) for name in names}


def _said(kind: type[Any]) -> Iterator[tuple[list[str], str, str]]:
    """The names, their meaning (one sentence), and what follows it that is of no field."""
    text = _docstring(kind)
    mentions = list(_mentions(kind, text))
    ends = [each.start() for each in mentions[1:]] + [len(text)]
    for match, end in zip(mentions, ends, strict=False):
        meaning, _, rest = text[match.end() : end].strip().partition(". ")
        yield match[1].split(", "), meaning.rstrip(".;,"), rest


def _bare_name(hint: Any, size: Size | None) -> str:
    if hint is Did:
        return "DID"
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        others = [type_name(each) for each in arguments if each is not NoneType]
        return " or ".join([*others, "null"] if NoneType in arguments else others)
    if origin is tuple:
        return f"list of {type_name(arguments[0])}{_count(size)}"
    if origin is not None and issubclass(origin, Mapping):
        return f"map of {type_name(arguments[0])} to {type_name(arguments[1])}{_count(size)}"
    if hint is Cid:
        return "link"
    if hint is Any:
        return "any value"
    if hint in _ENCODED:
        length = "" if size is None else f", {_span(size)} bytes"
        return _ENCODED[hint] + length
    return f"[{hint.__name__}](#{hint.__name__.lower()})"


def _count(size: Size | None) -> str:
    return "" if size is None else f", {_span(size)} items"


def _span(size: Size) -> str:
    return str(size.low) if size.low == size.high else f"{size.low} to {size.high}"


def _bound(number: int) -> str:
    return "2^63 − 1" if number == INTEGER_MAX else f"{number:,}".replace(",", " ")


def _parts(hint: Any) -> Iterator[type[Any]]:
    """The records and enums that a field's type names."""
    if hint is not Cid and isinstance(hint, type) and issubclass(hint, Struct | Enum):
        yield hint
    for each in get_args(hint):
        yield from _parts(each)
