"""Usage of array variables: arrays that a loop leaves in place, arrays without other references.

Views of arrays in loops, and writes without a check of uniqueness, depend on it; so each class of
nodes is named here or handled by `operands_of`.
"""

from collections.abc import Iterable
from typing import TypeAlias, assert_never

from ccl.analysis.survey import survey
from ccl.ir.typed import (
    Argument,
    ArrayNew,
    Block,
    Builtin,
    CallBuiltin,
    CallFunction,
    Evaluate,
    Expr,
    ForEach,
    ForPairs,
    Function,
    IndexGet,
    IndexStep,
    Local,
    LocalGet,
    MatchTag,
    Return,
    SetLocal,
    SetState,
    Statement,
    Store,
    While,
)
from ccl.ir.types import Array
from ccl.ir.visit import (
    Root,
    binders_in,
    bindings_of,
    children,
    operands_of,
    statement_children,
    writes_of,
)

Loop: TypeAlias = While | ForEach | ForPairs


def invariant_arrays(loop: Loop) -> list[Local]:
    """Returns the array variables whose block and length no iteration changes, if each is unshared.

    A loop reads or writes elements of such an array and does nothing else to it. One that is
    written occurs in no other way: it is not copied, so it stays unshared.
    """
    used: dict[int, Local] = {}
    written: set[int] = set()
    read_whole: set[int] = set()
    barred: set[Root] = set()
    pending: list[Expr] = []

    def enter(statement: Statement) -> None:
        if isinstance(statement, Store) and isinstance(statement.root, Local):
            root, first = statement.root, statement.steps[0]
            if isinstance(first, IndexStep) and isinstance(first.of, Array):
                used[root.index] = root
                written.add(root.index)
            else:
                barred.add(root.index)
        else:
            barred.update(writes_of(statement))
            barred.update(local.index for local in bindings_of(statement))
        pending.extend(statement_children(statement))

    enter(loop)
    while pending:
        node = pending.pop()
        match node:
            case IndexGet(base=LocalGet(local=local), index=index) if isinstance(local.type, Array):
                used[local.index] = local
                pending.append(index)
            case CallBuiltin(
                builtin=Builtin.ARRAY_LEN, arguments=(Argument(value=LocalGet(local=local)),)
            ):
                used[local.index] = local
            case LocalGet(local=local):
                read_whole.add(local.index)
            case CallFunction() | CallBuiltin():
                barred.update(writes_of(node))
                pending.extend(children(node))
            case MatchTag():
                barred.update(local.index for local in bindings_of(node))
                pending.extend(children(node))
            case Block(statements=statements, value=last):
                for statement in statements:
                    enter(statement)
                if last is not None:
                    pending.append(last)
            case _:
                pending.extend(operands_of(node))
    barred |= written & read_whole
    return [local for index, local in sorted(used.items()) if index not in barred]


def assigned_in(loop: Loop) -> frozenset[int]:
    """Returns the locals that an iteration gives a new value."""
    return frozenset(local.index for each in binders_in(loop) for local in bindings_of(each))


_FRESH = (Builtin.ARRAY_SLICE, Builtin.MAP_KEYS, Builtin.MAP_VALUES)


def unshared_arrays(function: Function, assignments: Iterable[SetLocal]) -> frozenset[int]:
    """Returns the array variables that hold the only reference, so that a write needs no check.

    Each is only set to new arrays, and read whole only where the function returns it or a `for`
    that does not change it iterates over it. `assignments`: all that the function has.
    """
    made = {each.local.index for each in assignments if _is_fresh_array(each)}
    if not made:
        return frozenset()
    shared = {parameter.index for parameter in function.parameters}
    pending: list[Expr] = [function.body]
    result = function.body.value

    def enter(statement: Statement) -> None:
        match statement:
            case SetLocal(local=local):
                if isinstance(local.type, Array) and not _is_fresh_array(statement):
                    shared.add(local.index)
            case ForEach(iterable=LocalGet(local=local), body=body):
                if local.index in survey(body).written:
                    shared.add(local.index)
                shared.update(each.index for each in bindings_of(statement))
                pending.append(body)
                return
            case SetState() | Store() | Evaluate() | While() | ForEach() | ForPairs():
                shared.update(local.index for local in bindings_of(statement))
            case _:
                assert_never(statement)
        pending.extend(statement_children(statement))

    while pending:
        node = pending.pop()
        match node:
            case LocalGet(local=local):
                if node is not result:
                    shared.add(local.index)
            case IndexGet(base=LocalGet(), index=index):
                pending.append(index)
            case (
                CallBuiltin(builtin=Builtin.ARRAY_LEN, arguments=(Argument(value=LocalGet()),))
                | Return(value=LocalGet())
            ):
                pass
            case CallFunction(arguments=arguments) | CallBuiltin(arguments=arguments):
                pending.extend(
                    argument.value
                    for argument in arguments
                    if not (argument.mutated and isinstance(argument.value, LocalGet))
                )
            case Block(statements=statements, value=last):
                for statement in statements:
                    enter(statement)
                if last is not None:
                    pending.append(last)
            case MatchTag():
                # a binding refers to the payload until it is set to a new array
                shared.update(local.index for local in bindings_of(node))
                pending.extend(children(node))
            case _:
                pending.extend(operands_of(node))
    return frozenset(made - shared)


def _is_fresh_array(assignment: SetLocal) -> bool:
    value = assignment.value
    return isinstance(assignment.local.type, Array) and (
        isinstance(value, ArrayNew) or (isinstance(value, CallBuiltin) and value.builtin in _FRESH)
    )
