"""Generic functions: every use with other types is an instance of its own."""

from collections.abc import Callable

from ccl.checking.core.constraints import wait_for
from ccl.checking.core.conversions import report_mismatch
from ccl.checking.core.environment import Body, CallSite, invalid
from ccl.checking.core.signatures import Generic, Signature
from ccl.checking.core.type_names import read_type
from ccl.checking.core.unification import fresh, has_error_type, is_open, type_id, unify, zonk
from ccl.checking.functions import bodies as functions
from ccl.checking.inference import solving
from ccl.ir import typed
from ccl.ir.types import Type
from ccl.syntax import ast

INSTANCES_MAX = 200


def open_instance(body: Body, call: ast.Call, generic: Generic) -> Signature:
    """Returns the signature with fresh types for its parameters; those in the call are bound."""
    item = generic.item
    types: dict[str, Type] = {each.text: fresh() for each in item.type_parameters}
    given = call.type_arguments
    if given and len(given) != len(types):
        _wrong_count(body, call, item.name.text, str(len(types)))
    for open_type, written in zip(types.values(), given, strict=False):
        given_type = read_type(body.checker, body.scope, written, body.types)
        if not unify(open_type, given_type):
            report_mismatch(body, written.span, open_type, given_type)
    return functions.declare(body.checker, generic.scope, item, types)


def admit(body: Body, call: ast.Call, identity: str) -> bool:
    """Counts an instance for the call, outside of all instances, that leads to it.

    So a program may have as many as it has calls, and an infinite chain is still detected.
    """
    checker = body.checker
    root = checker.instance_roots.get(body.id, identity)
    count = checker.instances_made[root] = checker.instances_made.get(root, 0) + 1
    if count > INSTANCES_MAX:
        body.sink.report("CCL0604", call.span, limit=str(INSTANCES_MAX))
        return False
    checker.instance_roots[identity] = root
    checker.call_sites[identity] = CallSite(instance=identity, body=body.id, call=call)
    return True


def expect(opened: Signature, expected: Type | None) -> None:
    """Binds what the arguments leave open to the expected type of the call."""
    if expected is not None and any(is_open(kind) for kind in opened.types.values()):
        unify(opened.result, expected)


def settle(body: Body, call: ast.Call, opened: Signature) -> Signature | None:
    """Returns the instance for the types of the arguments; None if some are still open."""
    checker = body.checker
    types = {name: zonk(kind) for name, kind in opened.types.items()}
    if any(is_open(kind) or has_error_type(kind) for kind in types.values()):
        return None
    identity = f"{opened.id}<{', '.join(map(type_id, types.values()))}>"
    if identity not in checker.signatures:
        if not admit(body, call, identity):
            return None
        instance = functions.declare(checker, opened.scope, opened.item, types)
        instance.id = identity
        instance.template = body.is_template
        checker.signatures[identity] = instance
    instance = checker.signatures[identity]
    instance.template = instance.template and body.is_template
    solving.require(body, instance)
    return instance


def unsettled(
    body: Body, call: ast.Call, opened: Signature, pass_to: Callable[[Signature], typed.Expr]
) -> typed.Expr:
    """Defers or reports a call with open types. `pass_to` calls the instance."""
    kinds = [zonk(kind) for kind in opened.types.values()]
    is_reported = any(has_error_type(kind) for kind in (*kinds, *opened.parameters))
    if is_reported or not any(is_open(kind) for kind in kinds):
        return invalid(call.span)
    if body.final:
        body.sink.report("CCL0409", call.span, what=f"a parameter of `{opened.item.name.text}`")
        return invalid(call.span)

    def attempt(_by_default: bool) -> bool:
        if any(map(is_open, opened.types.values())):
            return False
        instance = settle(body, call, opened)
        if instance is not None:
            for own, found in zip(opened.parameters, instance.parameters, strict=True):
                unify(own, found)
            unify(opened.result, instance.result)
            pass_to(instance)
        return True

    wait_for(body, tuple(opened.types.values()), attempt)
    return typed.UnitConst(span=call.span, type=opened.result)


def refuse_type_arguments(body: Body, call: ast.Call, name: str) -> None:
    """Reports type arguments of a function that is not generic."""
    if call.type_arguments:
        _wrong_count(body, call, name, "no")


def _wrong_count(body: Body, call: ast.Call, name: str, wanted: str) -> None:
    given = str(len(call.type_arguments))
    noun = "argument" if wanted == "1" else "arguments"
    body.sink.report(
        "CCL0422",
        call.callee.span,
        name=name,
        wanted=wanted,
        arguments=noun,
        given=given,
        advice="none" if wanted == "no" else "call",
    )
