"""Functions that accumulate their result: one array, filled by one loop over a parameter.

So do `map` and `filter` of the library. The result is at most as long as that parameter, times the
number of pushes in the loop.
"""

from ccl.ir.typed import (
    ArrayNew,
    Block,
    Builtin,
    CallBuiltin,
    ForEach,
    ForPairs,
    Function,
    LocalGet,
    Return,
    SetLocal,
    While,
)
from ccl.ir.visit import binders_in, bindings_of, everything
from ccl.support.node import Node


class Accumulator(Node, frozen=True, kw_only=True):
    parameter: int
    """Position of the parameter iterated over."""
    pushes: int
    """Elements that an iteration adds at most."""


def accumulator_of(function: Function) -> Accumulator | None:
    """Returns None for a function that does anything else with the array that it returns."""
    body = function.body
    if not isinstance(body.value, LocalGet):
        return None
    result = body.value.local.index
    nodes = list(everything(body))
    if any(isinstance(node, Return) for node in nodes):
        return None
    binders = [
        (local.index, binder) for binder in binders_in(body) for local in bindings_of(binder)
    ]
    made = [binder for index, binder in binders if index == result]
    if len(made) != 1 or not _is_empty_array(made[0]):
        return None
    loop = _only_loop(body)
    if not isinstance(loop, ForEach) or not isinstance(loop.iterable, LocalGet):
        return None
    iterated = loop.iterable.local.index
    if iterated in function.mutated or any(index == iterated for index, _ in binders):
        return None
    uses = sum(isinstance(node, LocalGet) and node.local.index == result for node in nodes)
    pushes = sum(_pushes_to(node, result) for node in everything(loop.body))
    if uses != pushes + 1:
        return None
    for position, parameter in enumerate(function.parameters):
        if parameter.index == iterated:
            return Accumulator(parameter=position, pushes=pushes)
    return None


def _is_empty_array(binder: object) -> bool:
    return (
        isinstance(binder, SetLocal)
        and isinstance(binder.value, ArrayNew)
        and not binder.value.elements
    )


def _only_loop(body: Block) -> While | ForEach | ForPairs | None:
    """Returns the loop among the statements of the body, if there is no other at any depth."""
    blocks = (node for node in everything(body) if isinstance(node, Block))
    statements = (statement for block in blocks for statement in block.statements)
    loops = [each for each in statements if isinstance(each, While | ForEach | ForPairs)]
    if len(loops) == 1 and any(loops[0] is each for each in body.statements):
        return loops[0]
    return None


def _pushes_to(node: object, index: int) -> bool:
    if not isinstance(node, CallBuiltin) or node.builtin is not Builtin.ARRAY_PUSH:
        return False
    target = node.arguments[0].value
    return isinstance(target, LocalGet) and target.local.index == index
