"""Loops: variables that stay the same in all iterations, and loops of few iterations."""

from collections.abc import Sequence
from typing import TypeAlias

from ccl.checking.lints.variables import FEW, Callees
from ccl.ir import typed
from ccl.ir.typed import BinaryOp, Builtin, Expr
from ccl.ir.types import Map
from ccl.ir.visit import everything
from ccl.source.spans import Span
from ccl.support.node import Node

WINDOW_MIN = 2
"""Collections are cut to this length or more to be short; one longer than 0 or 1 is not empty."""
_ENTRIES = "std/core/map_entries"
Root: TypeAlias = int | str
"""The index of a local, or the id of a state variable."""


class Loop(Node, frozen=True):
    span: Span
    anew: frozenset[Root] = frozenset()
    """Variables that every iteration sets anew."""
    keys: frozenset[int] = frozenset()
    """Variables that are another key of a map in each iteration."""
    written: frozenset[int] = frozenset()
    """Variables that are set anywhere in it."""
    carried: frozenset[int] | None = None
    """Parameters that are the same in all iterations, of a function that a loop calls."""

    def comes_back(self, steps: Sequence[typed.Step], *, growing: bool) -> bool:
        """Returns whether several iterations reach one part: not if each has an element of its own.

        A collection that grows in a map, or at a computed place, groups elements.
        """
        for step in steps:
            if not isinstance(step, typed.IndexStep):
                continue
            key = step.index
            if self.is_still(key):
                continue
            counted = isinstance(key, typed.LocalGet) and (
                not isinstance(step.of, Map) or key.local.index in self.keys
            )
            if counted or not growing:
                return False
        return True

    def is_still(self, key: Expr) -> bool:
        """Returns whether an index or key is the same in all iterations."""
        return all(
            self.keeps(each.local) and each.local.index not in self.written
            for each in everything(key)
            if isinstance(each, typed.LocalGet)
        )

    def keeps(self, root: typed.Local | str) -> bool:
        """Returns whether a variable lives from one iteration to the next."""
        if isinstance(root, str):
            return root not in self.anew
        if self.carried is not None:
            return root.index in self.carried
        return root.index not in self.anew and not (
            root.span.file == self.span.file and self.span.start <= root.span.start < self.span.end
        )


def reads(node: Expr, root: Root) -> bool:
    for each in everything(node):
        match each:
            case typed.LocalGet(local=local) if local.index == root:
                return True
            case typed.StateGet(state=state) if state == root:
                return True
            case _:  # its parts are visited too
                pass
    return False


def map_of(node: Expr, callees: Callees) -> Expr | None:
    """Returns the map of which an expression copies all keys, values or entries."""
    match node:
        case typed.CallBuiltin(builtin=Builtin.MAP_KEYS | Builtin.MAP_VALUES, arguments=(only,)):
            return only.value
        case typed.CallFunction(function=function, arguments=(only,)) if (
            callees.declared.get(function) == _ENTRIES
        ):
            return only.value
        case _:
            return None


def is_window(condition: Expr) -> bool:
    """Returns whether `if a.length() > 5` keeps the collection short."""
    match condition:
        case typed.Binary(
            op=BinaryOp.GREATER | BinaryOp.GREATER_EQUAL,
            left=typed.CallBuiltin(builtin=Builtin.ARRAY_LEN | Builtin.STRING_LENGTH),
            right=typed.ScalarConst(value=most),
        ):
            return WINDOW_MIN <= most <= FEW
        case _:
            return False


def counts_few(loop: typed.While) -> bool:
    tested: set[int] = set()
    for node in everything(loop.condition):
        match node:
            case typed.Binary(
                op=BinaryOp.LESS | BinaryOp.LESS_EQUAL, right=typed.ScalarConst(value=most)
            ) if most <= FEW:
                return True
            case typed.LocalGet(local=local):
                tested.add(local.index)
            case _:  # its parts are visited too
                pass
    return any(
        isinstance(each, typed.SetLocal)
        and each.local.index in tested
        and isinstance(each.value, typed.Binary)
        and each.value.op is BinaryOp.DIVIDE
        for each in loop.body.statements
    )
