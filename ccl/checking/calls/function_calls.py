"""Calls of functions of the program or the library: arguments, types, mutation by the callee."""

from collections.abc import Sequence

from ccl.checking.calls import higher_order_calls
from ccl.checking.calls.argument_order import after, in_order
from ccl.checking.calls.arguments import Callee, bind
from ccl.checking.calls.passing import pass_argument
from ccl.checking.core.conversions import fit, fit_exactly
from ccl.checking.core.environment import Body, invalid
from ccl.checking.core.signatures import Signature
from ccl.checking.core.unification import has_rigid, is_open, is_reported, prune, variable_of, zonk
from ccl.checking.functions import closures, generics
from ccl.checking.inference import solving
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.types import ERROR_TYPE, Type
from ccl.resolver.scopes import FileScope
from ccl.source.spans import Span
from ccl.syntax import ast


def call_function(
    body: Body,
    call: ast.Call,
    owner: FileScope,
    name: str,
    arguments: Sequence[ast.Argument],
    receiver: typed.Expr | None,
    expected: Type | None = None,
) -> typed.Expr:
    """Infers a call of a function that `owner` declares."""
    checker = body.checker
    identity = checker.function_id(owner, name)
    if identity in checker.function_parameters:
        return higher_order_calls.call_higher_order(body, call, owner, name, arguments, receiver)
    if identity in checker.generics:
        checker.used_functions.add(identity)
        signature = generics.open_instance(body, call, checker.generics[identity])
    else:
        signature = checker.signatures[identity]
        generics.refuse_type_arguments(body, call, name)
        solving.require(body, signature)
    if signature.id != body.id:
        checker.used_functions.add(signature.id)
    if _is_refused(body, call, signature, name, arguments, receiver):
        return closures.infer_failed(body, call)
    parameters = tuple(each.name.text for each in signature.item.parameters)
    declared = signature.item.name.span
    rest = parameters if receiver is None else parameters[1:]
    callee = Callee(name=name, parameters=rest, declared=declared, item=signature.item)
    bound = bind(body, call, callee, arguments)
    if bound is None:
        return invalid(call.span, [body.infer(each.value) for each in arguments])
    nodes = _passed(body, signature, bound, receiver)
    if identity in checker.generics:
        generics.expect(signature, expected)
        settled = generics.settle(body, call, signature)
        if settled is None:
            if body.final and is_reported(expected):
                return invalid(call.span)
            return generics.unsettled(
                body, call, signature, lambda found: _called(body, call, found, nodes)
            )
        signature = settled
    return _called(body, call, signature, nodes)


def _is_refused(
    body: Body,
    call: ast.Call,
    signature: Signature,
    name: str,
    arguments: Sequence[ast.Argument],
    receiver: typed.Expr | None,
) -> bool:
    """Reports a call that is invalid whatever the arguments are: in a constant, or without a
    receiver."""
    declared_at = signature.item.name.span
    if signature.item.test:
        body.sink.report(
            "CCL0722",
            call.span,
            name=name,
            labels=(Label(declared_at, f"`{name}` is declared here"),),
        )
        return True
    if body.in_constant:
        body.sink.report("CCL0423", call.span, what=f"a call of `{name}`")
        return True
    if receiver is not None and not signature.item.parameters:
        body.sink.report(
            "CCL0436",
            call.span,
            name=name,
            wanted="no arguments",
            given=str(len(arguments) + 1),
            labels=(Label(declared_at, f"`{name}` is declared here"),),
        )
        return True
    return False


def _passed(
    body: Body,
    signature: Signature,
    bound: dict[str, ast.Argument],
    receiver: typed.Expr | None,
) -> dict[str, typed.Expr]:
    """Checks the arguments; returns them by parameter, in the order of evaluation."""
    parameters = [each.name.text for each in signature.item.parameters]
    nodes: dict[str, typed.Expr] = {}
    if receiver is not None:
        labels = _parameter_labels(signature, 0, receiver.span)
        before = prune(signature.parameters[0])
        nodes[parameters[0]] = _receiver(body, receiver, signature, labels)
        _note_decision(body, signature, 0, receiver.span, before)
    for parameter, argument in bound.items():
        index = parameters.index(parameter)
        before = prune(signature.parameters[index])
        labels = _parameter_labels(signature, index, argument.value.span)
        nodes[parameter] = _argument(body, argument.value, signature, index, labels)
        _note_decision(body, signature, index, argument.value.span, before)
    return nodes


def _receiver(
    body: Body, receiver: typed.Expr, signature: Signature, labels: tuple[Label, ...]
) -> typed.Expr:
    kind = signature.parameters[0]
    if _is_for_calls(body, signature, 0):
        is_left = has_rigid(receiver.type)
        return receiver if is_left else fit_exactly(body, receiver, kind, labels=labels)
    return fit(body, receiver, kind, labels=labels)


def _argument(
    body: Body, expr: ast.Expr, signature: Signature, index: int, labels: tuple[Label, ...]
) -> typed.Expr:
    """Checks an argument.

    What calls determine must not depend on their order: each argument has its own type, a text is a
    String, and nothing converts.
    """
    kind = signature.parameters[index]
    if not _is_for_calls(body, signature, index):
        return body.check(expr, kind, labels=labels)
    node = body.infer(expr)
    return node if has_rigid(node.type) else fit_exactly(body, node, kind, labels=labels)


def _is_for_calls(body: Body, signature: Signature, index: int) -> bool:
    """Returns whether calls determine the type of a parameter, as neither it nor the body does."""
    return index in signature.left_to_calls or (
        not body.final
        and signature.made_from is None
        and not signature.types
        and is_open(signature.parameters[index])
    )


def _called(
    body: Body, call: ast.Call, signature: Signature, nodes: dict[str, typed.Expr]
) -> typed.Expr:
    """Builds the call, its arguments in the order of the parameters.

    A type parameter determines no type outside of its function: the result of such a call is known
    in an instance only.
    """
    parameters = tuple(each.name.text for each in signature.item.parameters)
    is_left = any(
        has_rigid(nodes[name].type) and _is_for_calls(body, signature, i)
        for i, name in enumerate(parameters)
    )
    kind = ERROR_TYPE if is_left else zonk(signature.result)
    changed = {parameters[index] for index in signature.mutated}
    before, ordered = in_order(body, nodes, parameters, changed)
    passed = tuple(pass_argument(body, node, i, signature) for i, node in enumerate(ordered))
    node = typed.CallFunction(function=signature.id, arguments=passed, type=kind, span=call.span)
    return after(before, node)


def _parameter_labels(signature: Signature, index: int, argument: Span) -> tuple[Label, ...]:
    """Returns labels for the origin of a parameter's type: its declaration, body or another
    call."""
    parameter = signature.item.parameters[index]
    name = parameter.name.text
    if parameter.type is not None:
        return (Label(parameter.type.span, f"`{name}` is declared here"),)
    declared = Label(parameter.name.span, f"`{name}` is declared here")
    call = signature.decided_by.get(index)
    if call is None or call == argument:
        return (declared,)
    kind = zonk(signature.parameters[index])
    return (Label(call, f"`{name}` is {kind} because of this call"), declared)


def _note_decision(
    body: Body, signature: Signature, index: int, argument: Span, before: Type
) -> None:
    """Records the call that determined the type of a parameter, for conflicts with later ones."""
    if not body.final and variable_of(before) and prune(signature.parameters[index]) is not before:
        signature.decided_by.setdefault(index, argument)
