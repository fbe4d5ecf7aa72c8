"""Removal of dead stores: assignments to scalar variables that are never read.

An assignment whose value may trap or has an effect stays.
"""

from ccl.ir.rewrite import with_parts
from ccl.ir.typed import Block, Expr, Function, LocalGet, Program, SetLocal, Statement
from ccl.ir.types import is_reference
from ccl.ir.visit import LEAVES, children
from ccl.passes.purity import is_pure
from ccl.support.node import replace


def without_dead_stores(program: Program) -> Program:
    functions = {name: _function(each) for name, each in program.functions.items()}
    return replace(program, functions=functions)


def _function(function: Function) -> Function:
    unread = _unread(function)
    if not unread:
        return function
    body = _without(function.body, unread)
    assert isinstance(body, Block), "a block stays a block"
    return function if body is function.body else replace(function, body=body)


def _unread(function: Function) -> frozenset[int]:
    """Returns the scalar variables that are set and never read."""
    written: set[int] = set()
    read = {parameter.index for parameter in function.parameters}
    pending: list[Expr] = [function.body]
    while pending:
        node = pending.pop()
        if type(node) is LocalGet:
            read.add(node.local.index)
            continue
        if type(node) is Block:
            written.update(
                each.local.index
                for each in node.statements
                if isinstance(each, SetLocal) and not is_reference(each.local.type)
            )
        pending.extend(children(node))
    return frozenset(written - read)


def _without(node: Expr, unread: frozenset[int]) -> Expr:
    if type(node) in LEAVES:
        return node
    node = with_parts(node, lambda part: _without(part, unread))
    if not isinstance(node, Block):
        return node
    live = tuple(each for each in node.statements if not _is_dead(each, unread))
    return node if len(live) == len(node.statements) else replace(node, statements=live)


def _is_dead(statement: Statement, unread: frozenset[int]) -> bool:
    return (
        isinstance(statement, SetLocal)
        and statement.local.index in unread
        and is_pure(statement.value)
    )
