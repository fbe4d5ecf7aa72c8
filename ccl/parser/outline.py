"""The items of a file without their contents: their names, exports and tests."""

from typing import Any, get_args

from ccl.diagnostics.model import Sink
from ccl.parser.parse import parse
from ccl.source.spans import FileId, Source
from ccl.support.node import fields
from ccl.support.recursion import nesting_in_room
from ccl.syntax import ast

_SHOWN = (
    *(each for kind in get_args(ast.Item) for each in (get_args(kind) or (kind,))),
    ast.Key,
    ast.Ident,
    ast.StringLiteral,
    ast.StructField,
    ast.Variant,
)


def outline(text: str) -> tuple[Any, ...]:
    """Computes a value that is equal for two texts with the same items, as far as they can be
    parsed."""
    with nesting_in_room():
        return tuple(map(_outline, parse(Source(FileId(0), "", text), Sink()).items))


def _outline(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_outline(each) for each in value)
    if isinstance(value, _SHOWN):
        return (type(value).__name__, *(_outline(getattr(value, name)) for name in fields(value)))
    return value if isinstance(value, str | bool) else None
