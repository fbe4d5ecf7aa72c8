"""Calls of functions of the program, of imported files and of the prelude, and of methods."""

from collections.abc import Callable, Sequence

from ccl.checking.builtins import special_calls, test_builtins
from ccl.checking.calls import call_hints, function_calls, passed_calls, prelude_calls
from ccl.checking.calls.call_hints import ALL_METHODS
from ccl.checking.core.constraints import wait_for
from ccl.checking.core.environment import Body, is_invalid
from ccl.checking.core.unification import is_rigid, prune, unify, variable_of
from ccl.checking.expressions import enums, names
from ccl.checking.functions import closures, generics, library
from ccl.checking.roles import proposals, roles
from ccl.checking.symbols.uses import note_function, note_passed, note_prelude
from ccl.desugar.intrinsics import Intrinsic
from ccl.ir import typed
from ccl.ir.types import Type
from ccl.prelude.functions import FUNCTIONS, METHODS, SPECIAL_FORMS, TEST_FORMS
from ccl.syntax import ast
from ccl.syntax.paths import path_of

_INTRINSICS: dict[str, Callable[[Body, ast.Call], typed.Expr]] = {
    Intrinsic.GRANTED_ROLE: roles.infer_granted,
    Intrinsic.INHERITED_REQUIREMENTS: roles.infer_inherited,
    Intrinsic.ELECTORATE: proposals.infer_electorate,
    Intrinsic.SHARE: proposals.infer_share,
}


def infer_call(body: Body, call: ast.Call, expected: Type | None) -> typed.Expr:
    match call.callee:
        case ast.Name() as name:
            return _named(body, call, name, expected)
        case ast.Field() as member:
            return _member(body, call, member, expected)
        case ast.PathName() as path if enums.names_variant(body, path.segments):
            return enums.infer_variant(body, path.segments, call, call.span, expected)
        case ast.PathName(segments=path) if (
            proposed := proposals.infer_proposal_call(body, call, path)
        ) is not None:
            return proposed
        case ast.PathName(segments=path) if names.leads_to_member(body, path):
            return _imported(body, call, path, expected)
        case other:
            body.sink.report("CCL0209", other.span)
    return closures.infer_failed(body, call)


def _named(body: Body, call: ast.Call, name: ast.Name, expected: Type | None) -> typed.Expr:
    text = name.text
    if text in _INTRINSICS:
        return _INTRINSICS[text](body, call)
    if text in body.functions and body.find(text) is None:
        note_passed(body.checker, name)
        return passed_calls.call_passed(body, call, text, body.functions[text], expected)
    if body.find(text) is not None or text in body.scope.consts or text in body.scope.states:
        body.sink.report("CCL0209", name.span)
        return closures.infer_failed(body, call)
    if text in body.scope.functions:
        note_function(body.checker, name, body.scope.functions[text])
        return function_calls.call_function(
            body, call, body.scope, text, call.arguments, None, expected
        )
    target = library.function_called(body.checker, text, call.arguments)
    if target is not None:
        _note_target(body, name, target)
        return function_calls.call_function(body, call, *target, call.arguments, None, expected)
    if text in SPECIAL_FORMS or text in FUNCTIONS or text in TEST_FORMS:
        note_prelude(body.checker, name)
    if text != "token":
        generics.refuse_type_arguments(body, call, text)
    if text in SPECIAL_FORMS:
        return special_calls.infer_form(body, call, text, expected)
    if text in FUNCTIONS:
        return prelude_calls.call_prelude(
            body, call, FUNCTIONS[text], call.arguments, None, expected
        )
    if text in TEST_FORMS:
        return test_builtins.infer_test_form(body, call, text)
    if library.is_method_called(body.checker, text, call.arguments):
        return _as_method(body, call, name, expected)
    return call_hints.unknown_function(body, call, name)


def _note_target(body: Body, name: ast.Ident | ast.Name, target: library.Target) -> None:
    scope, own_name = target
    note_function(body.checker, name, scope.functions[own_name])


def _as_method(body: Body, call: ast.Call, name: ast.Name, expected: Type | None) -> typed.Expr:
    """Infers `f(x, y)` as `x.f(y)`, where only the method is declared."""
    first, *rest = call.arguments
    member = ast.Field(
        base=first.value, name=ast.Ident(text=name.text, span=name.span), span=name.span
    )
    as_method = ast.Call(
        callee=member,
        type_arguments=call.type_arguments,
        arguments=tuple(rest),
        span=call.span,
    )
    return _method(body, as_method, member, body.infer(first.value), expected)


def _member(body: Body, call: ast.Call, member: ast.Field, expected: Type | None) -> typed.Expr:
    """Infers `alias.f(x)`, or a method: `x.f(y)` is `f(x, y)`."""
    base = member.base
    path = path_of(member)
    if path is not None and not _is_value(body, path):
        if enums.names_variant(body, path):
            return enums.infer_variant(body, path, call, call.span, expected)
        proposed = proposals.infer_proposal_call(body, call, path)
        if proposed is not None:
            return proposed
        if names.leads_to_member(body, path):
            return _imported(body, call, path, expected)
    receiver = body.infer(base)
    return _method(body, call, member, receiver, expected)


def _is_value(body: Body, path: Sequence[ast.Ident]) -> bool:
    """Returns whether `x.f` begins with a value; a variant of an enum of that name goes before
    it."""
    first, scope = path[0].text, body.scope
    if body.find(first) is not None:
        return True
    named = first in scope.consts or first in scope.states or first in scope.functions
    return named and not enums.names_own_variant(body, path)


def _imported(
    body: Body, call: ast.Call, path: Sequence[ast.Ident], expected: Type | None
) -> typed.Expr:
    """Infers `alias.f(x)` or `alias::f(x)`, of an imported file or a contract."""
    target, name = names.member_of_import(body, path), path[-1]
    if target is not None and name.text in target.functions:
        _note_target(body, name, (target, name.text))
        return function_calls.call_function(
            body, call, target, name.text, call.arguments, None, expected
        )
    if target is not None:
        body.sink.report("CCL0209", call.callee.span)
    return closures.infer_failed(body, call)


def _method(
    body: Body,
    call: ast.Call,
    member: ast.Field,
    receiver: typed.Expr,
    expected: Type | None,
) -> typed.Expr:
    name, kind = member.name.text, prune(receiver.type)
    if is_invalid(receiver):
        return closures.infer_failed(body, call)
    group = library.group_of(kind)
    prelude = METHODS.get((group, name)) if group else None
    if name in body.scope.functions and prelude is None and not _may_be_prelude(kind, name):
        note_function(body.checker, member.name, body.scope.functions[name])
        return function_calls.call_function(
            body, call, body.scope, name, call.arguments, receiver, expected
        )
    if is_rigid(kind) and any(each == name for _, each in ALL_METHODS):
        return call_hints.unknown_method(
            body, call, member, kind
        )  # in general; its uses may have one
    target = library.method_of(body.checker, kind, name) if prelude is None else None
    if prelude is None and variable_of(kind) is not None:
        owners = {METHODS[key] for key in METHODS if key[1] == name}
        targets = library.methods_named(body.checker, name)
        if len(owners) + len(targets) == 1:
            prelude = next(iter(owners), None)
            target = next(iter(targets), None)
        elif owners or targets:
            return _method_later(body, call, member, receiver, expected)
    if target is None and prelude is None:
        target = library.function_called(body.checker, name, (*_as_first(member), *call.arguments))
    if target is not None:
        _note_target(body, member.name, target)
        return function_calls.call_function(body, call, *target, call.arguments, receiver, expected)
    if prelude is None and name in FUNCTIONS:
        prelude = name
    if prelude is not None:
        note_prelude(body.checker, member.name)
        generics.refuse_type_arguments(body, call, name)
        return prelude_calls.call_prelude(
            body, call, FUNCTIONS[prelude], call.arguments, receiver, expected
        )
    return call_hints.unknown_method(body, call, member, kind)


def _may_be_prelude(kind: Type, name: str) -> bool:
    """Returns whether a receiver whose type is not known may have a method of the prelude."""
    is_unknown = variable_of(kind) is not None or is_rigid(kind)
    return is_unknown and any(each == name for _, each in METHODS)


def _method_later(
    body: Body,
    call: ast.Call,
    member: ast.Field,
    receiver: typed.Expr,
    expected: Type | None,
) -> typed.Expr:
    """Defers a method whose receiver has no type yet: several types have a method of this name."""
    if body.final:
        body.sink.report("CCL0409", member.base.span, what="this value")
        return closures.infer_failed(body, call)
    node = body.not_known_yet(call.span)

    def attempt(_by_default: bool) -> bool:
        if variable_of(prune(receiver.type)) is not None:
            return False
        unify(node.type, _method(body, call, member, receiver, expected).type)
        return True

    wait_for(body, [receiver.type], attempt, scoped=True)
    return node


def _as_first(member: ast.Field) -> tuple[ast.Argument]:
    """Returns the receiver as the first argument."""
    return (ast.Argument(name=None, value=member.base, span=member.base.span),)
