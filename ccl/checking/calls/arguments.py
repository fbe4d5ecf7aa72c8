"""Arguments to parameters: positional or named, never mixed, each given once."""

from collections.abc import Sequence

from ccl.abi.text.suggest import nearest
from ccl.checking.core.environment import Body
from ccl.checking.symbols.uses import note_parameter, note_prelude
from ccl.diagnostics.fixes import spelling_fix
from ccl.diagnostics.model import Label
from ccl.ir.symbols import SymbolKind
from ccl.source.spans import Span
from ccl.support.node import Node, replace
from ccl.syntax import ast


class Callee(Node, frozen=True, kw_only=True):
    """The parameters that an argument list is bound to. `declared`: the declaration, if in
    source."""

    name: str
    parameters: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    declared: Span | None = None
    item: ast.Function | None = None
    """A function of the program or the library."""

    @property
    def labels(self) -> tuple[Label, ...]:
        if self.declared is None:
            return ()
        return (Label(self.declared, f"`{self.name}` is declared here"),)


def bind(
    body: Body, call: ast.Call, callee: Callee, arguments: Sequence[ast.Argument]
) -> dict[str, ast.Argument] | None:
    """Returns the arguments by parameter, in the order written; None after reporting."""
    callee = _as_written(call, callee)
    named = [each for each in arguments if each.name is not None]
    if named and len(named) != len(arguments):
        return None  # the parser has reported it
    bound = _by_name(body, callee, named) if named else _by_position(body, call, callee, arguments)
    if bound is None:
        return None
    missing = [
        name for name in callee.parameters if name not in bound and name not in callee.optional
    ]
    if missing:
        body.sink.report(
            "CCL0403",
            call.span if not arguments else call.callee.span.to(call.callee.span),
            name=callee.name,
            missing=", ".join(f"`{name}`" for name in missing),
            labels=callee.labels,
        )
        return None
    return bound


def _as_written(call: ast.Call, callee: Callee) -> Callee:
    """Returns the callee under the name that the call gives it: a method has another one inside."""
    match call.callee:
        case ast.Field(name=name):
            return replace(callee, name=name.text)
        case _:
            return callee


def _by_name(
    body: Body, callee: Callee, named: Sequence[ast.Argument]
) -> dict[str, ast.Argument] | None:
    bound: dict[str, ast.Argument] = {}
    fine = True
    for each in named:
        assert each.name is not None, "the caller has picked the named ones"
        name = each.name.text
        if name not in callee.parameters:
            _unknown_argument(body, callee, each.name, named)
            fine = False
        elif name in bound:
            first = bound[name]
            body.sink.report(
                "CCL0405", each.span, name=name, labels=(Label(first.span, "first given here"),)
            )
            fine = False
        else:
            bound[name] = each
            _note_label(body, callee, each.name)
    return bound if fine else None


def _note_label(body: Body, callee: Callee, name: ast.Ident) -> None:
    if callee.item is None:
        note_prelude(body.checker, name, SymbolKind.LABEL)
    else:
        note_parameter(body.checker, name, callee.item)


def _unknown_argument(
    body: Body, callee: Callee, name: ast.Ident, named: Sequence[ast.Argument]
) -> None:
    given = {each.name.text for each in named if each.name is not None}
    near = nearest(name.text, [each for each in callee.parameters if each not in given])
    near = near or nearest(name.text, callee.parameters)
    fixes, advice = spelling_fix(name.span, near, given)
    body.sink.report(
        "CCL0404",
        name.span,
        argument=name.text,
        name=callee.name,
        known=", ".join(f"`{each}`" for each in callee.parameters) or "none",
        labels=callee.labels,
        fixes=fixes,
        nearest=near,
        advice=advice,
    )


def _by_position(
    body: Body, call: ast.Call, callee: Callee, arguments: Sequence[ast.Argument]
) -> dict[str, ast.Argument] | None:
    if len(arguments) > len(callee.parameters):
        extra = arguments[len(callee.parameters)]
        body.sink.report(
            "CCL0436",
            extra.span.to(arguments[-1].span),
            name=callee.name,
            wanted=counted(len(callee.parameters), "argument"),
            given=str(len(arguments)),
            labels=callee.labels,
        )
        return None
    del call
    return dict(zip(callee.parameters, arguments, strict=False))


def counted(count: int, noun: str) -> str:
    """Returns `no values`, `1 value`, `2 values`."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def only_argument(body: Body, call: ast.Call, name: str, parameter: str) -> ast.Expr | None:
    """Returns the one argument of a call; None after reporting."""
    bound = bind(body, call, Callee(name=name, parameters=(parameter,)), call.arguments)
    if bound is None:
        for each in call.arguments:
            body.infer(each.value)
        return None
    return bound[parameter].value
