"""JSON values as text for people: aligned names and numbers, nested by indentation.

Pure functions from values to lines.
"""

from collections.abc import Iterator
from typing import Any

_THIN_SPACE = "\u202f"
_LIST_ITEMS_MAX = 50


def number_text(value: int) -> str:
    """An integer with its digits in groups of three."""
    return f"{value:,}".replace(",", _THIN_SPACE) if abs(value) >= 10_000 else str(value)


def value_lines(value: Any, indent: str = "") -> Iterator[str]:
    """A value as lines; an object of scalars becomes a table of two columns."""
    match value:
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


def _object_lines(value: dict[str, Any], indent: str) -> Iterator[str]:
    if not value:
        yield f"{indent}(empty)"
        return
    scalars = {key: item for key, item in value.items() if not isinstance(item, dict | list)}
    key_width = max((len(key) for key in scalars), default=0)
    numbers = [_scalar_text(item) for item in scalars.values() if _is_number(item)]
    number_width = max(map(len, numbers), default=0)
    for key, item in value.items():
        if key in scalars:
            text = _scalar_text(item)
            shown = f"{text:>{number_width}}" if _is_number(item) else text
            yield f"{indent}{key:<{key_width}}  {shown}"
        else:
            yield f"{indent}{key}"
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
            return number_text(value)
        case _:
            return str(value)
