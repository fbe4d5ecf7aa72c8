"""Access to Data without a type: elements, presence, iteration.

`ctx.votes[0]` and `ctx["a key"]` are Data again; a `for` iterates over a list or a record.
"""

from ccl.checking.core.conversions import convert
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import prune, variable_of, zonk
from ccl.checking.handlers import job_events
from ccl.ir import typed
from ccl.ir.typed import Builtin, Conversion
from ccl.ir.types import Array, Map, Prim
from ccl.source.spans import Span
from ccl.syntax import ast

_TEXTS = (Prim.DID, Prim.CID)


def infer_element(body: Body, base: typed.Expr, expr: ast.Index) -> typed.Expr:
    """Infers `base[index]` of Data: a list's element by its position, a record's field by its
    key."""
    index = body.infer(expr.index)
    kind = prune(index.type)
    if is_invalid(index):
        return index
    if isinstance(index, typed.TextConst):
        name = ast.Ident(text=index.value, span=expr.index.span)
        job_events.check_field(body, base, name, quoted=True)
        return typed.DataGet(base=base, name=index.value, span=expr.span)
    if body.in_condition:
        body.sink.report("CCL0464", expr.span)
        return invalid(expr.span)
    if kind in _TEXTS:
        index, kind = convert(index, Conversion.SAME_BITS, Prim.STRING), Prim.STRING
    if kind is Prim.DATA:
        body.sink.report("CCL0463", expr.index.span, found=str(kind))
        return invalid(expr.span)
    if kind is Prim.STRING:
        return _asked(Builtin.DATA_KEY, base, index, expr.span)
    var = variable_of(kind)
    if kind is Prim.INTEGER or (var is not None and var.number):
        return _asked(Builtin.DATA_ITEM, base, index, expr.span)
    if var is not None and not body.final:
        return typed.UnitConst(span=expr.span, type=Prim.DATA)
    body.sink.report("CCL0463", expr.index.span, found=str(zonk(kind)))
    return invalid(expr.span)


def _asked(builtin: Builtin, base: typed.Expr, index: typed.Expr, span: Span) -> typed.Expr:
    passed = tuple(typed.Argument(value=each, mutated=False) for each in (base, index))
    return typed.CallBuiltin(builtin=builtin, arguments=passed, type=Prim.DATA, span=span)


def infer_presence(body: Body, call: ast.Call, argument: ast.Expr) -> typed.Expr:
    """Infers `has(ctx.a[0].b)`: whether the whole path exists."""
    node = body.infer(argument)
    path: list[typed.Expr] = []
    while (step := _last_step(node)) is not None:
        node, part = step
        path.insert(0, part)
    if is_invalid(node):
        return node
    if not path or prune(node.type) is not Prim.DATA:
        body.sink.report("CCL0437", argument.span)
        return invalid(call.span)
    passed = tuple(typed.Argument(value=each, mutated=False) for each in (node, *path))
    return typed.CallBuiltin(
        builtin=Builtin.DATA_HAS, arguments=passed, type=Prim.BOOL, span=call.span
    )


def _last_step(node: typed.Expr) -> tuple[typed.Expr, typed.Expr] | None:
    """Splits a path through Data into its base and its last name or position."""
    match node:
        case typed.DataGet(base=base, name=name):
            return base, typed.TextConst(value=name, type=Prim.STRING, span=node.span)
        case typed.CallBuiltin(
            builtin=Builtin.DATA_ITEM | Builtin.DATA_KEY, arguments=(base, part)
        ):
            return base.value, part.value
        case _:  # a path begins with it
            return None


def as_walked(iterable: typed.Expr, *, pairs: bool) -> typed.Expr:
    """Returns the type of Data in a `for`: the elements of a list, or keys and values of a
    record."""
    if is_invalid(iterable) or prune(iterable.type) is not Prim.DATA:
        return iterable
    kind = Map(Prim.STRING, Prim.DATA) if pairs else Array(Prim.DATA)
    return convert(iterable, Conversion.DATA_TO, kind)
