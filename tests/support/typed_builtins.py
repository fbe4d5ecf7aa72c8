"""Functions of the prelude by Python's lists, dicts and texts."""

from typing import Any

from typed_numbers import Stopped, computed, parsed
from typed_values import Tagged, element

from ccl.ir import typed as t
from ccl.ir.types import Type


def changing(builtin: t.Builtin, target: Any, rest: list[Any]) -> Any:
    match builtin:
        case t.Builtin.ARRAY_PUSH:
            target.append(rest[0])
            return len(target)
        case t.Builtin.ARRAY_POP:
            if not target:
                raise Stopped("pop of an empty array")
            return target.pop()
        case t.Builtin.MAP_INSERT:
            target[rest[0]] = rest[1]
            return None
        case t.Builtin.MAP_REMOVE:
            return target.pop(rest[0], None) is not None
        case _:
            raise AssertionError(f"no other function changes its argument, {builtin} does not")


def reading(builtin: t.Builtin, values: list[Any], kind: Type) -> Any:
    match builtin:
        case t.Builtin.ARRAY_LEN | t.Builtin.STRING_LENGTH | t.Builtin.MAP_SIZE:
            return len(values[0])
        case t.Builtin.ARRAY_CONTAINS | t.Builtin.MAP_CONTAINS_KEY | t.Builtin.STRING_CONTAINS:
            return values[1] in values[0]
        case t.Builtin.ARRAY_SLICE | t.Builtin.STRING_SUBSTRING:
            whole, start, end = values
            if not 0 <= start <= end <= len(whole):
                raise Stopped("range out of bounds")
            return whole[start:end]
        case t.Builtin.STRING_CONCAT:
            return values[0] + values[1]
        case t.Builtin.STRING_INDEX_OF:
            start = max(values[2], 0)
            return -1 if start > len(values[0]) else values[0].find(values[1], start)
        case t.Builtin.STRING_FROM_CODE_POINT:
            if not 0 <= values[0] < 0x110000 or 0xD800 <= values[0] < 0xE000:
                raise Stopped("not a code point")
            return chr(values[0])
        case t.Builtin.STRING_CHAR_AT:
            return element(values[0], values[1])
        case t.Builtin.MAP_NEW:
            return {}
        case t.Builtin.MAP_GET:
            found = values[0].get(values[1])
            return Tagged(0, []) if found is None else Tagged(1, [found])
        case t.Builtin.MAP_KEYS:
            return list(values[0])
        case t.Builtin.MAP_VALUES:
            return list(values[0].values())
        case t.Builtin.STRING_UPPER:
            return "".join(map(_upper, values[0]))
        case t.Builtin.STRING_LOWER:
            return "".join(map(_lower, values[0]))
        case t.Builtin.STRING_PARSE_INTEGER | t.Builtin.STRING_PARSE_DECIMAL:
            read = parsed(values[0], places=6 if builtin.value == "parse_decimal" else 0)
            return Tagged(0, []) if read is None else Tagged(1, [read])
        case _:
            return computed(builtin, values, kind)


def _upper(letter: str) -> str:
    """The one capital letter of a letter, by Python's tables of whole texts."""
    for made in (letter.upper(), letter.title()):
        if len(made) == 1:
            return made
    return letter


def _lower(letter: str) -> str:
    made = letter.lower()
    return made if len(made) == 1 else made[0]
