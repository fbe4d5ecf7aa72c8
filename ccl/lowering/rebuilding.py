"""A typed expression with other parts: the same node where no part is another."""

from collections.abc import Callable, Sequence
from typing import assert_never

from ccl.node import replace
from ccl.typed import (
    Argument,
    ArrayNew,
    Binary,
    Block,
    Break,
    CallBuiltin,
    CallFunction,
    CallHost,
    Concat,
    Continue,
    Convert,
    DataGet,
    DataNew,
    Evaluate,
    Expr,
    FieldGet,
    FieldStep,
    ForEach,
    ForPairs,
    If,
    IndexGet,
    IndexStep,
    LocalGet,
    MatchTag,
    Require,
    Return,
    ScalarConst,
    SetLocal,
    SetState,
    ShortCircuit,
    StateGet,
    Statement,
    Step,
    Store,
    StructNew,
    SubmitManifest,
    TagArm,
    TextConst,
    Unary,
    UnitConst,
    VariantNew,
    While,
)

Change = Callable[[Expr], Expr]
"""Gives another expression of the same type."""


def with_parts(node: Expr, change: Change) -> Expr:
    """The node with each expression directly inside changed; blocks are the caller's matter."""
    match node:
        case LocalGet() | StateGet() | ScalarConst() | TextConst() | UnitConst():
            return node
        case Break() | Continue():
            return node
        case Binary(left=left, right=right) | ShortCircuit(left=left, right=right):
            parts = change(left), change(right)
            if parts[0] is left and parts[1] is right:
                return node
            return replace(node, left=parts[0], right=parts[1])
        case CallFunction(arguments=arguments) | CallBuiltin(arguments=arguments):
            changed = _arguments(arguments, change)
            return node if changed is arguments else replace(node, arguments=changed)
        case Block(statements=statements, value=value):
            last = None if value is None else change(value)
            lines = tuple(statement_with_parts(each, change) for each in statements)
            if last is value and all(a is b for a, b in zip(lines, statements, strict=True)):
                return node
            return replace(node, statements=lines, value=last)
        case If(condition=condition, then=then, otherwise=otherwise):
            asked, yes = change(condition), change(then)
            no = None if otherwise is None else change(otherwise)
            if asked is condition and yes is then and no is otherwise:
                return node
            return replace(node, condition=asked, then=yes, otherwise=no)
        case FieldGet(base=base) | DataGet(base=base):
            new = change(base)
            return node if new is base else replace(node, base=new)
        case IndexGet(base=base, index=index):
            parts = change(base), change(index)
            if parts[0] is base and parts[1] is index:
                return node
            return replace(node, base=parts[0], index=parts[1])
        case Convert(operand=operand) | Unary(operand=operand):
            new = change(operand)
            return node if new is operand else replace(node, operand=new)
        case CallHost(arguments=values):
            made = _each(values, change)
            return node if made is values else replace(node, arguments=made)
        case StructNew(values=values):
            made = _each(values, change)
            return node if made is values else replace(node, values=made)
        case ArrayNew(elements=values):
            made = _each(values, change)
            return node if made is values else replace(node, elements=made)
        case VariantNew(payload=values):
            made = _each(values, change)
            return node if made is values else replace(node, payload=made)
        case Concat(parts=values):
            made = _each(values, change)
            return node if made is values else replace(node, parts=made)
        case SubmitManifest(fields=fields) | DataNew(fields=fields):
            made = _each([value for _, value in fields], change)
            named = tuple((name, new) for (name, _), new in zip(fields, made, strict=True))
            return replace(node, fields=named)
        case Return(value=value):
            given = None if value is None else change(value)
            return node if given is value else replace(node, value=given)
        case Require(condition=condition, message=message):
            asked = change(condition)
            told = None if message is None else change(message)
            if asked is condition and told is message:
                return node
            return replace(node, condition=asked, message=told)
        case MatchTag(subject=subject, arms=arms, otherwise=otherwise):
            return replace(
                node,
                subject=change(subject),
                arms=tuple(_arm(arm, change) for arm in arms),
                otherwise=None if otherwise is None else change(otherwise),
            )
        case _:
            assert_never(node)


def statement_with_parts(statement: Statement, change: Change) -> Statement:
    match statement:
        case SetLocal(value=value) | SetState(value=value) | Evaluate(value=value):
            new = change(value)
            return statement if new is value else replace(statement, value=new)
        case Store(steps=steps, value=value):
            new = change(value)
            path = tuple(_step(step, change) for step in steps)
            if new is value and all(a is b for a, b in zip(path, steps, strict=True)):
                return statement
            return replace(statement, steps=path, value=new)
        case While(condition=condition, body=body):
            asked, inside = change(condition), _block(body, change)
            if asked is condition and inside is body:
                return statement
            return replace(statement, condition=asked, body=inside)
        case ForEach(iterable=iterable, body=body) | ForPairs(iterable=iterable, body=body):
            over, inside = change(iterable), _block(body, change)
            if over is iterable and inside is body:
                return statement
            return replace(statement, iterable=over, body=inside)
        case _:
            assert_never(statement)


def _block(body: Block, change: Change) -> Block:
    changed = change(body)
    assert isinstance(changed, Block), "the body of a loop stays a block"
    return changed


def _each(values: Sequence[Expr], change: Change) -> tuple[Expr, ...]:
    made = tuple(change(value) for value in values)
    if isinstance(values, tuple) and all(a is b for a, b in zip(made, values, strict=True)):
        return values
    return made


def _arguments(arguments: tuple[Argument, ...], change: Change) -> tuple[Argument, ...]:
    made = tuple(_argument(argument, change) for argument in arguments)
    return arguments if all(a is b for a, b in zip(made, arguments, strict=True)) else made


def _argument(argument: Argument, change: Change) -> Argument:
    # (what is changed there is a place, and stays it)
    if argument.mutated:
        return argument
    new = change(argument.value)
    return argument if new is argument.value else replace(argument, value=new)


def _step(step: Step, change: Change) -> Step:
    match step:
        case FieldStep():
            return step
        case IndexStep(index=index):
            new = change(index)
            return step if new is index else replace(step, index=new)
        case _:
            assert_never(step)


def _arm(arm: TagArm, change: Change) -> TagArm:
    body = change(arm.body)
    return arm if body is arm.body else replace(arm, body=body)
