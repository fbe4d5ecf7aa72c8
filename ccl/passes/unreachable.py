"""Removal of unreachable functions."""

from ccl.ir.typed import CallFunction, Function, Program
from ccl.ir.visit import everything
from ccl.support.node import replace


def without_unreachable(program: Program) -> Program:
    reached: set[str] = set()
    pending = roots(program)
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending.extend(callees(program.functions[name]) - reached)
    functions = {name: each for name, each in program.functions.items() if name in reached}
    return replace(program, functions=functions)


def roots(program: Program) -> list[str]:
    """Returns the functions called from outside, by wrappers of exports, or for the charter."""
    return [
        *(each.function for each in program.exports),
        *(each.function for each in program.conditions),
        *(each.initial for each in program.states.values()),
        *(each.function for each in program.invariants),
        *program.migrations.values(),
    ]


def callees(function: Function) -> set[str]:
    return {node.function for node in everything(function.body) if type(node) is CallFunction}
