"""Properties of expressions that code generation depends on.

- an expression *escapes* if it may leave by return, break or continue;
- it *clobbers* if it may change a place that was read before it.
"""

from collections.abc import Callable, Mapping

from ccl.analysis.state_effects import NO_USE
from ccl.analysis.survey import Use, survey
from ccl.ir.typed import (
    Block,
    CallBuiltin,
    CallFunction,
    Continue,
    Convert,
    Evaluate,
    Expr,
    If,
    Jump,
    Local,
    LocalGet,
    MatchTag,
    StateGet,
)
from ccl.ir.types import Prim
from ccl.ir.visit import children, everything, operands_of, root_of
from ccl.support.node import Record, field


def changes(body: Expr, root: LocalGet | StateGet | None, uses: Mapping[str, Use]) -> bool:
    """Returns whether an expression may set a variable or change its value; None is no variable.

    `uses`: effects of functions on state.
    """
    if root is None:
        return False
    found = survey(body)
    if isinstance(root, LocalGet):
        return root.local.index in found.written
    return root.state in found.state.written or any(
        root.state in uses.get(callee, NO_USE).written for callee in found.calls
    )


def leaves_changed(body: Expr, changed: Callable[[Expr], bool]) -> bool:
    """Returns whether the body of a loop leaves the loop on every path after a change."""
    if not changed(body):
        return True
    match body:
        case Block(type=Prim.NEVER) if not any(isinstance(n, Continue) for n in everything(body)):
            return True
        case Block(statements=statements, value=value):
            inner = [each.value for each in statements if isinstance(each, Evaluate)]
            inner += [] if value is None else [value]
            rest = [each for each in statements if not isinstance(each, Evaluate)]
            others = Block(statements=tuple(rest), value=None, type=body.type, span=body.span)
            return not changed(others) and all(leaves_changed(each, changed) for each in inner)
        case If() | MatchTag():
            return all(leaves_changed(each, changed) for each in children(body))
        case _:  # any other class may go on after the change
            return False


class Behaviour(Record):
    """Properties of expressions, each computed once. `writers`: functions that may change state."""

    writers: frozenset[str] = frozenset()
    _escapes: dict[int, bool] = field(default_factory=dict)
    _clobbers: dict[int, bool] = field(default_factory=dict)

    def escapes(self, node: Expr) -> bool:
        key = id(node)
        found = self._escapes.get(key)
        if found is None:
            found = isinstance(node, Jump) or any(map(self.escapes, children(node)))
            self._escapes[key] = found
        return found

    def clobbers(self, node: Expr) -> bool:
        key = id(node)
        found = self._clobbers.get(key)
        if found is None:
            found = self._clobbers[key] = self._may_clobber(node)
        return found

    def _may_clobber(self, node: Expr) -> bool:
        match node:
            case CallFunction(function=function, arguments=arguments):
                if function in self.writers or any(each.mutated for each in arguments):
                    return True
                return any(self.clobbers(each.value) for each in arguments)
            case CallBuiltin(arguments=arguments):
                return any(each.mutated or self.clobbers(each.value) for each in arguments)
            case Block(statements=statements, value=value):
                return bool(statements) or (value is not None and self.clobbers(value))
            case MatchTag():
                return any(map(self.clobbers, children(node)))
            case _:
                return any(map(self.clobbers, operands_of(node)))

    def invalidates(self, callee: str, argument: Expr) -> bool:
        """Returns whether a function may release what it is given: a part of the state that it
        changes."""
        return callee in self.writers and _is_held_by_state(argument)


def _is_held_by_state(node: Expr) -> bool:
    if isinstance(node, Convert):
        return _is_held_by_state(node.operand)
    return isinstance(root_of(node), StateGet)


def mentions(node: Expr, local: Local) -> bool:
    """Returns whether the variable is read anywhere inside."""
    return any(
        isinstance(each, LocalGet) and each.local.index == local.index for each in everything(node)
    )
