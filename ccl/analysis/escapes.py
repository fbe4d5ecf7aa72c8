"""Escape analysis of parameters: those that may be referred to after a call."""

from collections.abc import Mapping

from ccl.ir.typed import (
    Binary,
    CallFunction,
    CallHost,
    Concat,
    DataGet,
    Expr,
    FieldGet,
    Function,
    IndexGet,
    LocalGet,
    Require,
    ShortCircuit,
    Unary,
)
from ccl.ir.visit import children


def escaping_parameters(functions: Mapping[str, Function]) -> dict[str, frozenset[int]]:
    """Returns, by function id, the positions of parameters that may escape.

    A parameter escapes unless only parts of it are read: the result or a place may refer to it
    after the call. An object that is changed in place is copied before it is passed to one.
    """
    escaping: dict[str, set[int]] = {name: set() for name in functions}
    if not any(function.mutated for function in functions.values()):
        # nothing is changed in place, so nothing is copied either
        return {name: frozenset() for name in functions}
    passed: dict[tuple[str, int], set[tuple[str, int]]] = {}
    for name, function in functions.items():
        parameters = {p.index: number for number, p in enumerate(function.parameters)}
        pending: list[tuple[Expr, bool]] = [(function.body, True)]
        while pending:
            node, escapes = pending.pop()
            match node:
                case LocalGet(local=local):
                    if escapes and local.index in parameters:
                        escaping[name].add(parameters[local.index])
                case CallFunction(function=callee, arguments=arguments):
                    for number, argument in enumerate(arguments):
                        value = argument.value
                        if isinstance(value, LocalGet) and value.local.index in parameters:
                            here = (name, parameters[value.local.index])
                            passed.setdefault((callee, number), set()).add(here)
                        else:
                            pending.append((value, True))
                case (
                    FieldGet()
                    | IndexGet()
                    | DataGet()
                    | Binary()
                    | Unary()
                    | ShortCircuit()
                    | Concat()
                    | CallHost()
                    | Require()
                ):
                    pending.extend((child, False) for child in children(node))
                case _:  # any other class may store or give back what it reads
                    pending.extend((child, True) for child in children(node))
    return _spread(escaping, passed)


def _spread(
    escaping: dict[str, set[int]], passed: dict[tuple[str, int], set[tuple[str, int]]]
) -> dict[str, frozenset[int]]:
    """Adds the parameters that are passed on to one that escapes."""
    pending = [(name, number) for name, numbers in escaping.items() for number in numbers]
    while pending:
        for name, number in passed.get(pending.pop(), ()):
            if number not in escaping[name]:
                escaping[name].add(number)
                pending.append((name, number))
    return {name: frozenset(numbers) for name, numbers in escaping.items()}
