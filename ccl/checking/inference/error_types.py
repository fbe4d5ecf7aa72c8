"""Error types where a program with errors leaves types open, so that its typed tree has no other.

Rule: what inference works with never leaves `ccl.checking`.
"""

from collections.abc import Mapping
from operator import is_
from typing import Any

from ccl.checking.core.unification import is_rigid, parts, prune, variable_of, with_parts
from ccl.ir import typed
from ccl.ir.types import ERROR_TYPE, Type
from ccl.support.node import fields, is_node, replace


def without_open_types(functions: Mapping[str, typed.Function]) -> dict[str, typed.Function]:
    """Returns the functions with an error type for each type that nothing determines, as is
    reported."""
    return {identity: _closed(function) for identity, function in functions.items()}


def _closed(value: Any) -> Any:
    if isinstance(value, tuple):
        made = tuple(map(_closed, value))
        return value if all(map(is_, made, value)) else made
    if variable_of(value) is not None or is_rigid(value):
        return _closed_type(value)
    if not is_node(value):
        return value
    changed = {}
    for name in fields(value):
        part = getattr(value, name)
        new = _closed(part)
        if new is not part:
            changed[name] = new
    return replace(value, **changed) if changed else value


def _closed_type(kind: Type) -> Type:
    kind = prune(kind)
    made_of = parts(kind)
    if made_of:
        return with_parts(kind, tuple(map(_closed_type, made_of)))
    return ERROR_TYPE if variable_of(kind) is not None or is_rigid(kind) else kind
