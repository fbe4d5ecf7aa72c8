"""The outcome of a handler: its entries, emitted as one event when it ends.

The event has the handler's own name. An entry in a branch counts if the branch ran, and the last
one of a key counts; without any, no event is emitted.
"""

from ccl.checking.builtins import records, slots
from ccl.checking.core.conversions import convert
from ccl.checking.core.declarations import EMITTED, Outcome
from ccl.checking.core.environment import Body, is_invalid
from ccl.ir import typed
from ccl.ir.typed import Conversion
from ccl.ir.types import Prim
from ccl.source.spans import Span
from ccl.syntax import ast


def check_entry(body: Body, entry: ast.HandlerEntry) -> tuple[typed.Statement, ...]:
    """Checks `key: value;`, which sets one key of the outcome."""
    key = entry.entry.key
    value = records.infer_part(body, records.with_words(body, entry.entry.value), key)
    if body.outcome is None:
        body.sink.report("CCL0334", entry.span)
        return ()
    if is_invalid(value):
        return ()
    return (slots.set_slot(body.outcome.slots, key.text, value, entry.span),)


def before_leaving(body: Body, leaving: typed.Expr) -> typed.Expr:
    """Returns the statements before a `return`, which ends the handler as its last statement
    does."""
    if body.outcome is None or is_invalid(leaving):
        return leaving
    return typed.Block(
        statements=(emission(body.outcome), typed.Evaluate(value=leaving, span=leaving.span)),
        value=None,
        type=Prim.NEVER,
        span=leaving.span,
    )


def emit(event: typed.Expr, data: typed.Expr, span: Span) -> typed.Statement:
    """Emits an event; a refusal by the host traps."""
    article = typed.TextConst(value="", type=Prim.STRING, span=span)
    call = typed.CallHost(
        call="host_emit", arguments=(event, data, article), type=EMITTED, span=span
    )
    return typed.Evaluate(value=convert(call, Conversion.UNWRAP_OK, Prim.UNIT), span=span)


def emission(outcome: Outcome) -> typed.Statement:
    span = outcome.slots.span
    name = typed.TextConst(value=outcome.event, type=Prim.STRING, span=span)
    emitted = emit(name, slots.record(outcome.slots), span)
    then = typed.Block(statements=(emitted,), value=None, type=Prim.UNIT, span=span)
    conditional = typed.If(
        condition=slots.any_set(outcome.slots), then=then, otherwise=None, type=Prim.UNIT, span=span
    )
    return typed.Evaluate(value=conditional, span=span)
