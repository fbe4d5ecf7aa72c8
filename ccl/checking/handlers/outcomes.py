"""The outcome of a handler: what its entries set, emitted as one event when it ends.

The event has the handler's own name. An entry in a branch counts where the branch ran, and the
last one of a key counts; where nothing was set, nothing is emitted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ccl import ast, typed
from ccl.checking import blocks
from ccl.checking.conversions import convert
from ccl.checking.environment import Body, is_invalid
from ccl.checking.forms import records
from ccl.node import fields, is_node
from ccl.source import Span
from ccl.typed import Conversion
from ccl.types import Prim, Result

EMITTED = Result(Prim.UNIT, Prim.STRING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Of the handler that is being checked."""

    event: str
    slots: records.Slots


def check_handler(body: Body, event: str, block: ast.Block, span: Span) -> typed.Block:
    """The body of a handler; with entries, it ends by emitting what they have set."""
    keys = dict.fromkeys(each.entry.key.text for each in _entries_in(block))
    if not keys:
        return blocks.discard_block(body, block)
    slots = records.Slots(body, span)
    for key in keys:
        slots.add(key)
    body.outcome = Outcome(event=event, slots=slots)
    inner = blocks.discard_block(body, block)
    ending = () if inner.type is Prim.NEVER else (_emission(body.outcome),)
    body.outcome = None
    return typed.Block(
        statements=(*slots.empty(), typed.Evaluate(value=inner, span=block.span), *ending),
        value=None,
        type=inner.type,
        span=block.span,
    )


def check_entry(body: Body, entry: ast.HandlerEntry) -> tuple[typed.Statement, ...]:
    """`key: value;` sets one key of the outcome."""
    key = entry.entry.key
    value = records.infer_part(body, records.with_words(body, entry.entry.value), key)
    if body.outcome is None:
        body.sink.report("CCL0334", entry.span)
        return ()
    if is_invalid(value):
        return ()
    return (body.outcome.slots.set(key.text, value, entry.span),)


def before_leaving(body: Body, leaving: typed.Expr) -> typed.Expr:
    """A `return` ends the handler as its last statement does."""
    if body.outcome is None or is_invalid(leaving):
        return leaving
    return typed.Block(
        statements=(_emission(body.outcome), typed.Evaluate(value=leaving, span=leaving.span)),
        value=None,
        type=Prim.NEVER,
        span=leaving.span,
    )


def emit(event: typed.Expr, data: typed.Expr, span: Span) -> typed.Statement:
    """Emit an event; a refusal of the host's traps."""
    article = typed.TextConst(value="", type=Prim.STRING, span=span)
    call = typed.CallHost(
        call="host_emit", arguments=(event, data, article), type=EMITTED, span=span
    )
    return typed.Evaluate(value=convert(call, Conversion.UNWRAP_OK, Prim.UNIT), span=span)


def _emission(outcome: Outcome) -> typed.Statement:
    span = outcome.slots.span
    name = typed.TextConst(value=outcome.event, type=Prim.STRING, span=span)
    emitted = emit(name, outcome.slots.record(), span)
    then = typed.Block(statements=(emitted,), value=None, type=Prim.UNIT, span=span)
    asked = typed.If(
        condition=outcome.slots.any_set(), then=then, otherwise=None, type=Prim.UNIT, span=span
    )
    return typed.Evaluate(value=asked, span=span)


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
