"""Preconditions of passes, as predicates over a program."""

from ccl.ir.typed import Function, Local, LocalGet, Program
from ccl.ir.visit import binders_in, bindings_of, everything
from ccl.passes.state_wrappers import wrapper_id
from ccl.passes.unreachable import callees, roots


def calls_are_closed(program: Program) -> bool:
    named = set(roots(program)).union(*map(callees, program.functions.values()))
    return named <= program.functions.keys()


def locals_are_unique(program: Program) -> bool:
    return all(map(_has_unique_locals, program.functions.values()))


def _has_unique_locals(function: Function) -> bool:
    seen: dict[int, Local] = {each.index: each for each in function.parameters}
    bound = [local for each in binders_in(function.body) for local in bindings_of(each)]
    read = [node.local for node in everything(function.body) if isinstance(node, LocalGet)]
    return all(seen.setdefault(each.index, each) == each for each in (*bound, *read))


def exports_are_bare(program: Program) -> bool:
    return all(export.function != wrapper_id(export) for export in program.exports)
