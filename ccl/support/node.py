"""Nodes of trees and types: frozen records with named fields.

A compilation creates hundreds of thousands of them. msgspec's records behave as dataclasses do, and
are created several times as fast; so are their classes, which every command creates anew.
"""

from collections.abc import Iterator
from typing import TypeGuard

from msgspec import Struct, field
from msgspec.structs import replace

__all__ = ["Node", "Record", "field", "fields", "is_node", "nodes_of", "replace"]


class Node(Struct, frozen=True):
    """Compared and hashed by its fields; matched by their names."""


class Record(Struct):
    """The working state of a stage: its fields change."""


def is_node(value: object) -> TypeGuard[Node]:
    return isinstance(value, Node)


def fields(node: Node | Record) -> tuple[str, ...]:
    """Returns the names of a record's fields, in the order of their declaration."""
    return node.__struct_fields__


def nodes_of(tree: object) -> Iterator[Node]:
    """Yields every node of a tree or of a tuple of trees, parents first."""
    pending = [tree]
    while pending:
        at = pending.pop()
        if isinstance(at, tuple):
            pending.extend(reversed(at))
        elif isinstance(at, Node):
            yield at
            pending.extend([getattr(at, name) for name in reversed(at.__struct_fields__)])
