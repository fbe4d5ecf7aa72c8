"""Slots: records with keys that are only present where a branch ran."""

from collections.abc import Iterable

from ccl.checking.core.conversions import as_data
from ccl.checking.core.declarations import Slots
from ccl.checking.core.environment import Body
from ccl.ir import typed
from ccl.ir.typed import Conversion
from ccl.ir.types import Option, Prim
from ccl.source.spans import Span

_NONE = 0
_SOME = 1


def new(body: Body, keys: Iterable[str], span: Span) -> Slots:
    """Declares a slot for each key."""
    kind = Option(Prim.DATA)
    locals_ = {key: body.temporary(kind, span) for key in dict.fromkeys(keys)}
    return Slots(locals=locals_, span=span)


def empty(slots: Slots) -> tuple[typed.Statement, ...]:
    """Empties all of them, before any is set."""
    none = typed.VariantNew(tag=_NONE, payload=(), type=Option(Prim.DATA), span=slots.span)
    return tuple(
        typed.SetLocal(local=each, value=none, span=slots.span) for each in slots.locals.values()
    )


def set_slot(slots: Slots, key: str, value: typed.Expr, span: Span) -> typed.Statement:
    some = typed.VariantNew(tag=_SOME, payload=(as_data(value),), type=Option(Prim.DATA), span=span)
    return typed.SetLocal(local=slots.locals[key], value=some, span=span)


def record(slots: Slots) -> typed.Expr:
    """Returns the keys that have been set, as Data."""
    return typed.DataNew(
        fields=tuple((key, _get(slots, local)) for key, local in slots.locals.items()),
        optional=frozenset(slots.locals),
        span=slots.span,
    )


def any_set(slots: Slots) -> typed.Expr:
    """Returns whether any key has been set."""
    first, *rest = (
        typed.Convert(
            conversion=Conversion.IS_SOME,
            operand=_get(slots, local),
            type=Prim.BOOL,
            span=slots.span,
        )
        for local in slots.locals.values()
    )
    found: typed.Expr = first
    for each in rest:
        found = typed.ShortCircuit(is_and=False, left=found, right=each, span=slots.span)
    return found


def _get(slots: Slots, local: typed.Local) -> typed.Expr:
    return typed.LocalGet(local=local, type=local.type, span=slots.span)
