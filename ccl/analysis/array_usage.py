"""Usage of array variables: those with a fixed array in a loop, and those unshared altogether."""

from collections.abc import Iterable

from ccl.analysis.usage import mutated_roots, survey
from ccl.ir.typed import (
    Argument,
    ArrayNew,
    Block,
    Builtin,
    CallBuiltin,
    CallFunction,
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
    Statement,
    Store,
    While,
)
from ccl.ir.types import Array
from ccl.ir.visit import children, everything, statement_children


def array_uses(loop: "While | ForEach | ForPairs") -> list[Local]:
    """Array variables of which a loop reads or writes elements and changes nothing else.

    One that is written appears in no other way: it is not copied, so it stays unshared.
    """
    used: dict[int, Local] = {}
    written: set[int] = set()
    shared: set[int] = set()
    barred: set[int] = set()
    pending: list[Expr] = []

    def enter(statement: Statement) -> None:
        match statement:
            case SetLocal(local=local):
                barred.add(local.index)
            case Store(root=Local() as root, steps=steps):
                first = steps[0]
                if isinstance(first, IndexStep) and isinstance(first.of, Array):
                    used[root.index] = root
                    written.add(root.index)
                else:
                    barred.add(root.index)
            case ForEach(item=item):
                barred.add(item.index)
            case ForPairs(key=key, value=value):
                barred.update((key.index, value.index))
        pending.extend(statement_children(statement))

    enter(loop)
    while pending:
        node = pending.pop()
        match node:
            case IndexGet(base=LocalGet(local=local), index=index) if isinstance(local.type, Array):
                used[local.index] = local
                pending.append(index)
                continue
            case CallBuiltin(
                builtin=Builtin.ARRAY_LEN, arguments=(Argument(value=LocalGet(local=local)),)
            ):
                used[local.index] = local
                continue
            case LocalGet(local=local):
                shared.add(local.index)
            case CallFunction(arguments=arguments) | CallBuiltin(arguments=arguments):
                barred.update(mutated_roots(arguments))
            case MatchTag(arms=arms):
                barred.update(local.index for arm in arms for _, local in arm.bindings)
            case Block(statements=statements, value=last):
                for statement in statements:
                    enter(statement)
                if last is not None:
                    pending.append(last)
                continue
        pending.extend(children(node))
    barred |= written & shared
    return [local for index, local in sorted(used.items()) if index not in barred]


def set_in(loop: "While | ForEach | ForPairs") -> frozenset[int]:
    """Variables that a loop sets anywhere inside, by a statement, as its own or by a match."""
    found: set[int] = set()

    def enter(statement: Statement) -> None:
        match statement:
            case SetLocal(local=local) | ForEach(item=local):
                found.add(local.index)
            case ForPairs(key=key, value=value):
                found.update((key.index, value.index))

    enter(loop)
    for node in (each for part in statement_children(loop) for each in everything(part)):
        match node:
            case Block(statements=statements):
                for statement in statements:
                    enter(statement)
            case MatchTag(arms=arms):
                found.update(local.index for arm in arms for _, local in arm.bindings)
    return frozenset(found)


_FRESH = (Builtin.ARRAY_SLICE, Builtin.MAP_KEYS, Builtin.MAP_VALUES)


def unshared_arrays(function: Function, settings: Iterable[SetLocal]) -> frozenset[int]:
    """Array variables that nothing else ever refers to, so that a write need not look.

    Each is only set to new arrays, and read whole only where the function gives it back or a
    `for` that does not change it runs over it. `settings`: all that the function has.
    """
    made = {each.local.index for each in settings if _is_fresh_array(each)}
    if not made:
        return frozenset()
    shared = {parameter.index for parameter in function.parameters}
    pending: list[Expr] = [function.body]
    given = function.body.value

    def enter(statement: Statement) -> None:
        match statement:
            case SetLocal(local=local) if isinstance(local.type, Array):
                if not _is_fresh_array(statement):
                    shared.add(local.index)
            case ForEach(iterable=LocalGet(local=local), body=body):
                if local.index in survey(body).written:
                    shared.add(local.index)
                pending.append(body)
                return
        pending.extend(statement_children(statement))

    while pending:
        node = pending.pop()
        match node:
            case LocalGet(local=local):
                if node is not given:
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
            case _:
                pending.extend(children(node))
    return frozenset(made - shared)


def _is_fresh_array(setting: SetLocal) -> bool:
    value = setting.value
    return isinstance(setting.local.type, Array) and (
        isinstance(value, ArrayNew) or (isinstance(value, CallBuiltin) and value.builtin in _FRESH)
    )
