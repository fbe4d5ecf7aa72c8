"""The syntax tree as indented text, one node per line: `label: Node line:column field=value`.

Fields without nodes are on the line of their node; nodes and lists of nodes below it. Absent, empty
and false fields are omitted.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ccl.source.spans import Source, Span
from ccl.support.node import fields, is_node
from ccl.syntax import ast


def ast_text(module: ast.Module, source: Source) -> str:
    """Prints the tree of one file."""
    return "".join(f"{line}\n" for line in _lines(module, "", 0, source))


def _lines(node: Any, label: str, depth: int, source: Source) -> Iterator[str]:
    inline: list[str] = []
    below: list[tuple[str, Any]] = []
    for name in fields(node):
        value = getattr(node, name)
        if isinstance(value, Span):
            continue
        if _is_below(value):
            below.append((name, value))
        elif isinstance(node, ast.BoolLiteral) or not (
            value is None or value is False or value == ()
        ):
            inline.append(f"{name}={_scalar(value)}")
    position = source.position(node.span.start)
    place = f"{position.line}:{position.column}"
    yield "  " * depth + " ".join([f"{label}{type(node).__name__}", place, *inline])
    for name, value in below:
        if not isinstance(value, tuple):
            yield from _lines(value, f"{name}: ", depth + 1, source)
            continue
        yield "  " * (depth + 1) + f"{name}:"
        for each in value:
            if is_node(each):
                yield from _lines(each, "", depth + 2, source)
            else:
                yield "  " * (depth + 2) + _scalar(each)


def _is_below(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_below, value))
    return is_node(value) and not isinstance(value, ast.Ident | ast.QualifiedName | ast.Key)


def _scalar(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case ast.Ident() | ast.QualifiedName():
            return value.text
        case ast.Key(text=text, quoted=quoted):
            return json.dumps(text, ensure_ascii=False) if quoted else text
        case tuple():
            return f"[{', '.join(map(_scalar, value))}]"
        case int() | Decimal():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)
