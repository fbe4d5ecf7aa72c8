"""Strict reading of JSON: each key once, numbers as in JSON, bounded depth.

Rule: data that a lenient reader would drop in silence is an error with its place.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

_EXPECTED: Final = {
    "Expecting value": "a value",
    "Expecting property name enclosed in double quotes": "a key in double quotes",
    "Illegal trailing comma before end of object": "no comma behind the last entry",
    "Illegal trailing comma before end of array": "no comma behind the last item",
    "Expecting ':' delimiter": "`:` behind the key",
    "Expecting ',' delimiter": "`,` or the end of the list or object",
    "Unterminated string": "a closing quote for the text",
    "Extra data": "the end of the file",
    "Invalid control character": "a text on one line, with \\n for a new line",
    "Invalid \\escape": "one of the escapes of JSON behind `\\`",
}
"""Messages by those of the standard library."""
DEPTH_MAX: Final = 64
"""As deep as a block may nest; what is read recursively here is no deeper."""
_BYTE_ORDER_MARK: Final = "\ufeff"
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}:]')


class JsonFault(ValueError):
    """JSON that is refused. `place`: line and column, None for the whole text."""

    def __init__(self, expected: str, found: str, place: str | None = None) -> None:
        super().__init__(f"expected {expected}{f' at {place}' if place else ''}, found {found}")
        self.expected = expected
        self.found = found
        self.place = place


class _Twice(Exception):
    pass


def read_json(text: str, *, parse_float: Callable[[str], Any] | None = None) -> Any:
    """Reads the value. Raises json.JSONDecodeError if the text is no JSON, JsonFault if it repeats
    a key, is nested more than DEPTH_MAX deep, or holds a number that no type has.

    A byte order mark at the beginning, as some editors write it, is skipped.
    """
    text = text.removeprefix(_BYTE_ORDER_MARK)
    try:
        root = json.loads(
            text,
            object_pairs_hook=_each_once,
            parse_constant=_no_constant,
            parse_float=parse_float,
        )
    except (json.JSONDecodeError, JsonFault):
        raise
    except _Twice:
        raise _twice(text) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise JsonFault("numbers of 64 bits", "one of thousands of digits") from None
    level = [root]
    for _ in range(DEPTH_MAX + 1):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        if not below:
            return root
        level = below
    raise _too_deep()


def syntax_fault(error: json.JSONDecodeError) -> JsonFault:
    """Describes a syntax error, with the expected input and the place."""
    rest = error.doc[error.pos :]
    if not error.doc.strip():
        return JsonFault("a value", "nothing: it is empty")
    words = _EXPECTED.get(error.msg.removesuffix(" at").removesuffix(" starting"))
    found = f"`{rest[0]}`" if rest else "the end"
    if words is None:
        return JsonFault("a text as JSON has them", found, f"line {error.lineno}")
    return JsonFault(words, found, f"line {error.lineno}, column {error.colno}")


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice
    return found


def _no_constant(word: str) -> NoReturn:
    raise JsonFault("a number as JSON has them", word)


def _twice(text: str) -> JsonFault:
    """Returns the first repeated key of a well-formed beginning."""
    objects: list[dict[str, int]] = []
    before = ""
    start = 0
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word == "{":
            objects.append({})
        elif word == "}":
            objects.pop()
        elif word == ":":
            key = json.loads(before)
            first = objects[-1].setdefault(key, start)
            if first != start:
                return JsonFault(
                    "each key once",
                    f"{json.dumps(key, ensure_ascii=False)} again (first at {_place(text, first)})",
                    _place(text, start),
                )
        else:
            before, start = word, token.start()
    raise AssertionError("an object has a key twice")


def _place(text: str, offset: int) -> str:
    line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
    return f"line {line}, column {column}"


def _too_deep() -> JsonFault:
    return JsonFault(f"at most {DEPTH_MAX} levels", "JSON that is nested too deeply")
