"""Decisions: conditions of the charter as functions: 0 fails, 1 holds, 2 and up undecided.

A condition reads host records whose fields may be missing. It is undecided where a missing field
could change its answer; the number identifies the field. `&&` and `||` are decided by one side
where that side suffices.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ccl.checking.core.environment import is_invalid
from ccl.ir import typed
from ccl.ir.charter import Condition
from ccl.ir.typed import UNDECIDED, BinaryOp, Builtin, UnaryOp
from ccl.ir.types import Option, Prim, Type
from ccl.source.spans import Span
from ccl.support.node import fields, is_node, replace


@dataclass(slots=True)
class _Deciding:
    """The locals of a condition, and the fields whose absence leaves it open, by number."""

    locals: list[typed.Local]
    missing: list[str] = field(default_factory=list)

    def temporary(self, kind: Type, span: Span) -> typed.Local:
        local = typed.Local(index=len(self.locals), name="_", type=kind, span=span)
        self.locals.append(local)
        return local


def decide(
    conditions: Iterable[Condition], functions: dict[str, typed.Function]
) -> tuple[typed.CharterCondition, ...]:
    """Makes each condition's typed function one that decides it, in `functions`."""
    decided: list[typed.CharterCondition] = []
    for condition in conditions:
        function, missing = _function(functions[condition.function])
        functions[condition.function] = function
        decided.append(
            typed.CharterCondition(
                function=condition.function,
                missing=missing,
                when=condition.when,
                span=condition.expr.span,
            )
        )
    return tuple(decided)


def _function(condition: typed.Function) -> tuple[typed.Function, tuple[str, ...]]:
    node = condition.body.value
    assert node is not None, "a condition is checked as the value of its body"
    deciding = _Deciding([*condition.locals])
    value = _integer(0, condition.span) if is_invalid(node) else _decide(deciding, node)
    function = replace(
        condition,
        locals=tuple(deciding.locals),
        result=Prim.INTEGER,
        body=replace(condition.body, value=value, type=Prim.INTEGER),
    )
    return function, tuple(deciding.missing)


# --- three values -----------------------------------------------------------------------


def _decide(deciding: _Deciding, node: typed.Expr) -> typed.Expr:
    match node:
        case typed.ShortCircuit():
            return _either(deciding, node)
        case typed.Unary(op=UnaryOp.NOT):
            operand = _decide(deciding, node.operand)
            set_, known = _kept(deciding, operand)
            opposite = _arithmetic(BinaryOp.SUBTRACT, _integer(1, node.span), known)
            decided = _compare(BinaryOp.LESS, known, _integer(UNDECIDED, node.span))
            return _block(set_, _if(decided, opposite, known))
        case _:  # decided as a whole
            return _leaf(deciding, node)


def _either(deciding: _Deciding, node: typed.ShortCircuit) -> typed.Expr:
    """Decides by the left side where it suffices; else by the larger of both answers.

    The answers that are left are 1 and more for `&&`, and 0, 2 and more for `||`: the larger is the
    answer.
    """
    settling = _integer(0 if node.is_and else 1, node.span)
    set_left, left = _kept(deciding, _decide(deciding, node.left))
    set_right, right = _kept(deciding, _decide(deciding, node.right))
    larger = typed.CallBuiltin(
        builtin=Builtin.INTEGER_MAX,
        arguments=tuple(typed.Argument(value=each, mutated=False) for each in (left, right)),
        type=Prim.INTEGER,
        span=node.span,
    )
    both = _if(_compare(BinaryOp.EQUAL, right, settling), settling, larger)
    rest = _block(set_right, both)
    return _block(set_left, _if(_compare(BinaryOp.EQUAL, left, settling), settling, rest))


def _leaf(deciding: _Deciding, node: typed.Expr) -> typed.Expr:
    """Decides a part without `&&` and `||`: undecided where a field that it reads is missing."""
    answer = _answer(_decidable(deciding, node))
    for path in reversed(_paths(node)):
        written = ".".join(path)
        if written not in deciding.missing:
            deciding.missing.append(written)
        number = _integer(UNDECIDED + deciding.missing.index(written), node.span)
        answer = _if(_present(deciding, path, node.span), answer, number)
    return answer


def _answer(holds: typed.Expr) -> typed.Expr:
    return _if(holds, _integer(1, holds.span), _integer(0, holds.span))


def _paths(node: object) -> list[tuple[str, ...]]:
    """Returns the fields of host records that are read, except in `has`."""
    found: dict[tuple[str, ...], None] = {}

    def collect(each: object) -> None:
        if isinstance(each, typed.CallBuiltin) and each.builtin is Builtin.DATA_HAS:
            return
        path = _record_path(each)
        if path is not None:
            found[path] = None
        elif isinstance(each, tuple):
            for part in each:
                collect(part)
        elif is_node(each):
            for name in fields(each):
                collect(getattr(each, name))

    collect(node)
    return list(found)


def _record_path(node: object) -> tuple[str, ...] | None:
    """Returns `proposal.size` as names, where the node reads just that."""
    match node:
        case typed.CallHost(call="host_get_context", arguments=(typed.TextConst(value=name),)):
            return (name,)
        case typed.DataGet():
            before = _record_path(node.base)
            return None if before is None else (*before, node.name)
        case _:  # it reads more than a path
            return None


def _decidable(deciding: _Deciding, node: Any) -> Any:
    """Returns the tree with a `has` that is false of a record that the host does not have, and
    with a `return` that gives the answer as a number."""
    if isinstance(node, tuple):
        return type(node)(_decidable(deciding, each) for each in node)
    if not is_node(node) or isinstance(node, typed.Local):
        return node
    if isinstance(node, typed.Return) and node.value is not None:
        return replace(node, value=_answer(_decidable(deciding, node.value)))
    if isinstance(node, typed.CallBuiltin) and node.builtin is Builtin.DATA_HAS:
        base, *names = (each.value for each in node.arguments)
        path = _record_path(base)
        texts = tuple(each.value for each in names if isinstance(each, typed.TextConst))
        if path is not None:
            return _present(deciding, (*path, *texts), node.span)
    changes: dict[str, Any] = {}
    for name in fields(node):
        before = getattr(node, name)
        after = _decidable(deciding, before)
        if after is not before:
            changes[name] = after
    return replace(node, **changes) if changes else node


def _present(deciding: _Deciding, path: tuple[str, ...], span: Span) -> typed.Expr:
    """Builds the test whether the host has the record, and the record the field."""
    record, *names = path
    lookup = typed.CallHost(
        call="host_get_context",
        arguments=(typed.TextConst(value=record, type=Prim.STRING, span=span),),
        type=Option(Prim.DATA),
        span=span,
    )
    local = deciding.temporary(Prim.DATA, span)
    whole = typed.LocalGet(local=local, type=Prim.DATA, span=span)
    arguments: list[typed.Expr] = [whole]
    arguments += [typed.TextConst(value=name, type=Prim.STRING, span=span) for name in names]
    found: typed.Expr = typed.ScalarConst(value=1, type=Prim.BOOL, span=span)
    if names:
        found = typed.CallBuiltin(
            builtin=Builtin.DATA_HAS,
            arguments=tuple(typed.Argument(value=each, mutated=False) for each in arguments),
            type=Prim.BOOL,
            span=span,
        )
    return typed.MatchTag(
        subject=lookup,
        arms=(typed.TagArm(tag=1, bindings=((0, local),), body=found),),
        otherwise=typed.ScalarConst(value=0, type=Prim.BOOL, span=span),
        type=Prim.BOOL,
        span=span,
    )


# --- nodes ------------------------------------------------------------------------------


def _kept(deciding: _Deciding, value: typed.Expr) -> tuple[typed.Statement, typed.Expr]:
    local = deciding.temporary(Prim.INTEGER, value.span)
    read = typed.LocalGet(local=local, type=Prim.INTEGER, span=value.span)
    return typed.SetLocal(local=local, value=value, span=value.span), read


def _block(statement: typed.Statement, value: typed.Expr) -> typed.Expr:
    return typed.Block(statements=(statement,), value=value, type=Prim.INTEGER, span=value.span)


def _if(condition: typed.Expr, then: typed.Expr, otherwise: typed.Expr) -> typed.Expr:
    return typed.If(
        condition=condition,
        then=then,
        otherwise=otherwise,
        type=Prim.INTEGER,
        span=condition.span,
    )


def _integer(value: int, span: Span) -> typed.Expr:
    return typed.ScalarConst(value=value, type=Prim.INTEGER, span=span)


def _compare(op: BinaryOp, left: typed.Expr, right: typed.Expr) -> typed.Expr:
    return typed.Binary(op=op, left=left, right=right, type=Prim.BOOL, span=left.span)


def _arithmetic(op: BinaryOp, left: typed.Expr, right: typed.Expr) -> typed.Expr:
    return typed.Binary(op=op, left=left, right=right, type=Prim.INTEGER, span=right.span)
