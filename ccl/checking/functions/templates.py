"""Templates: generic and higher-order functions, checked without a call.

A type parameter is a type that only equals itself there. Operations on its values, and the results
of passed functions, are checked for each instance; all else is checked once here, also where
nothing calls the function. Templates are not compiled.
"""

import re
from collections.abc import Set

from ccl.checking.calls import call_sites
from ccl.checking.core.duplicates import report_repeats
from ccl.checking.core.environment import Checker
from ccl.checking.core.signatures import AnyFunction, Signature
from ccl.checking.core.unification import is_open, rigid
from ccl.checking.functions import bodies
from ccl.checking.inference import solving
from ccl.diagnostics.model import Diagnostic, Sink, is_error
from ccl.ir.types import ERROR_TYPE
from ccl.prelude.functions import GENERIC_TYPES, METHODS, TYPES
from ccl.prelude.library_index import METHODS as LIBRARY_METHODS
from ccl.resolver.scopes import FileScope
from ccl.support.node import replace
from ccl.syntax import ast

_OF_OPERATIONS = frozenset(
    {
        *("CCL0402", "CCL0410", "CCL0411", "CCL0412", "CCL0421", "CCL0425", "CCL0431"),
        *("CCL0434", "CCL0439", "CCL0451", "CCL0460", "CCL0463", "CCL0507"),
    }
)
"""Errors about an operation that the values of a type do not have, with the type in a fact."""

_TYPE_FACTS = ("found", "type", "types")

_METHOD_NAMES = frozenset(name for _, name in (*METHODS, *LIBRARY_METHODS))


def is_template(checker: Checker, identity: str, item: ast.Function) -> bool:
    return bool(item.type_parameters) or identity in checker.function_parameters


def declare(checker: Checker, scope: FileScope, item: ast.Function) -> None:
    """Declares a template; those of the library are checked in its own tests."""
    if scope.source in checker.library_files:
        return
    report_repeats(checker.sink, item.type_parameters)
    report_repeats(checker.sink, (each.name for each in item.parameters))
    identity = checker.function_id(scope, item.name.text)
    passed = checker.function_parameters.get(identity, frozenset())
    kept = tuple(each for each in item.parameters if each.name.text not in passed)
    names = (each.text for each in item.type_parameters)
    types = {name: rigid(identity, name, hides=_is_type(scope, name)) for name in names}
    signature = bodies.declare(checker, scope, replace(item, parameters=kept), types)
    checker.templates.append(
        Signature(
            id=identity,
            item=signature.item,
            scope=scope,
            parameters=[ERROR_TYPE if is_open(each) else each for each in signature.parameters],
            result=ERROR_TYPE if is_open(signature.result) else signature.result,
            types=types,
            functions={name: AnyFunction() for name in passed},
            template=True,
        )
    )


def _is_type(scope: FileScope, name: str) -> bool:
    return name in TYPES or name in GENERIC_TYPES or name in scope.type_names


def check(checker: Checker) -> tuple[Diagnostic, ...]:
    """Checks the templates; returns the errors, which occur for any types and functions."""
    report_to, reported = checker.sink, Sink()
    inside = _made_in(checker)
    for template in checker.templates:
        checker.sink = Sink()
        for each in (template, *inside[template.id]):
            solving.require_late(checker, each)
            call_sites.check_function(checker, each)
        _leave_to_instances(checker.sink, template)
        reported.take(checker.sink)
    checker.sink = report_to
    checker.sink.take(reported)
    return reported.diagnostics


def _made_in(checker: Checker) -> dict[str, list[Signature]]:
    """Returns, by template, the inline functions in it and the instances for the functions that it
    passes."""
    found: dict[str, list[Signature]] = {each.id: [] for each in checker.templates}
    for signature in checker.signatures.values():
        around: Signature | None = signature
        while around is not None and around.template and around.made_from is not None:
            outer = around.made_in or around.written_in
            assert outer is not None, "made for a call, or written in a body"
            if outer in found:
                found[outer].append(signature)
                break
            around = checker.signatures.get(outer)
    return found


def _leave_to_instances(sink: Sink, template: Signature) -> None:
    """Removes errors that depend on a type parameter or a passed function, and warnings."""
    parameters = {str(kind) for kind in template.types.values()}
    depends = bool(template.functions) or any(each is ERROR_TYPE for each in template.parameters)

    def is_left(each: Diagnostic) -> bool:
        nonlocal depends
        if _depends_on(each, parameters):
            depends = True
            return True
        return not is_error(each)

    sink.suppress(is_left)
    if depends:
        sink.suppress(lambda each: each.code in call_sites.OF_OPEN_TYPES)


def _depends_on(each: Diagnostic, parameters: Set[str]) -> bool:
    """Returns whether only some types have the operation that the error is about."""
    types = " and ".join(each.facts[fact] for fact in _TYPE_FACTS if fact in each.facts)
    if each.code == "CCL0412" and each.facts["name"] not in _METHOD_NAMES:
        return False
    if each.facts.get("operator") in ("==", "!="):  # what two types consist of may be equal
        return any(re.search(rf"\b{re.escape(name)}\b", types) for name in parameters)
    return each.code in _OF_OPERATIONS and not parameters.isdisjoint(types.split(" and "))
