"""Functions that gather what they give: one array, filled while one loop walks a parameter.

So do `map` and `filter` of the library. The result is at most as long as that parameter, times
the places that push.
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
from ccl.ir.visit import everything
from ccl.support.node import Node


class Collected(Node, frozen=True, kw_only=True):
    parameter: int
    """Which parameter is walked."""
    pushes: int
    """How many elements a turn adds at most."""


def collected(function: Function) -> Collected | None:
    """Nothing is said of a function that does anything else with the array it gives."""
    body = function.body
    if not isinstance(body, Block) or not isinstance(body.value, LocalGet):
        return None
    if any(isinstance(node, Return) for node in everything(body)):
        return None
    made = body.value.local
    blocks = [node for node in everything(body) if isinstance(node, Block)]
    statements = [statement for block in blocks for statement in block.statements]
    changed = [each for each in statements if isinstance(each, SetLocal)]
    first = [each.value for each in changed if each.local.index == made.index]
    if len(first) != 1 or not isinstance(first[0], ArrayNew) or first[0].elements:
        return None
    loops = [each for each in statements if isinstance(each, While | ForEach | ForPairs)]
    if len(loops) != 1 or not any(loops[0] is each for each in body.statements):
        return None
    loop = loops[0]
    if not isinstance(loop, ForEach) or not isinstance(loop.iterable, LocalGet):
        return None
    walked = loop.iterable.local.index
    if walked in function.mutated or any(each.local.index == walked for each in changed):
        return None
    uses = sum(
        isinstance(node, LocalGet) and node.local.index == made.index for node in everything(body)
    )
    pushes = sum(_pushes_to(node, made.index) for node in everything(loop.body))
    if uses != pushes + 1:
        return None
    for position, parameter in enumerate(function.parameters):
        if parameter.index == walked:
            return Collected(parameter=position, pushes=pushes)
    return None


def _pushes_to(node: object, index: int) -> bool:
    if not isinstance(node, CallBuiltin) or node.builtin is not Builtin.ARRAY_PUSH:
        return False
    target = node.arguments[0].value
    return isinstance(target, LocalGet) and target.local.index == index
