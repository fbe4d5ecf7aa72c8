"""Bodies of handlers; one with entries ends by emitting them."""

from collections.abc import Iterator

from ccl.checking.builtins import slots
from ccl.checking.core.declarations import Outcome
from ccl.checking.core.environment import Body
from ccl.checking.expressions import blocks
from ccl.checking.handlers.outcomes import emission
from ccl.ir import typed
from ccl.ir.types import Prim
from ccl.source.spans import Span
from ccl.support.node import fields, is_node
from ccl.syntax import ast


def check_handler(body: Body, event: str, block: ast.Block, span: Span) -> typed.Block:
    """Checks the body of a handler; one with entries ends by emitting them."""
    keys = dict.fromkeys(each.entry.key.text for each in _entries_in(block))
    if not keys:
        return blocks.discard_block(body, block)
    keys_set = slots.new(body, keys, span)
    body.outcome = Outcome(event=event, slots=keys_set)
    inner = blocks.discard_block(body, block)
    ending = () if inner.type is Prim.NEVER else (emission(body.outcome),)
    body.outcome = None
    return typed.Block(
        statements=(*slots.empty(keys_set), typed.Evaluate(value=inner, span=block.span), *ending),
        value=None,
        type=inner.type,
        span=block.span,
    )


def _entries_in(node: object) -> Iterator[ast.HandlerEntry]:
    if isinstance(node, ast.HandlerEntry):
        yield node
        yield from _entries_in(node.entry.value)
    elif isinstance(node, tuple):
        for each in node:
            yield from _entries_in(each)
    elif is_node(node) and not isinstance(node, ast.Lambda):
        for name in fields(node):
            yield from _entries_in(getattr(node, name))
