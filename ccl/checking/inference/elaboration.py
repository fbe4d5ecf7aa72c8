"""Elaboration: typed trees of all bodies, each built once, with every type inferred.

This pass reports; a type that inference has left open is an error here.
"""

from collections.abc import Sequence

from ccl.checking.calls import call_sites
from ccl.checking.constants import inlining
from ccl.checking.core.environment import Checker
from ccl.checking.core.signatures import Signature
from ccl.checking.core.unification import is_error_type
from ccl.checking.functions import bodies, templates
from ccl.checking.functions.conditions import check_condition
from ccl.checking.inference import solving
from ccl.checking.inference.annotations import Annotations
from ccl.checking.state.migration import MIGRATION
from ccl.diagnostics.model import Diagnostic, Sink, is_error
from ccl.ir import typed
from ccl.ir.charter import Condition
from ccl.source.spans import FileId
from ccl.support.node import fields, is_node
from ccl.syntax import ast


def check_bodies(
    checker: Checker, entries: Sequence[bodies.Entry], conditions: Sequence[Condition]
) -> dict[str, typed.Function]:
    """Types every function, entry and condition of the program."""
    sink = checker.sink
    solving.infer_all(checker, entries, conditions)
    annotations = Annotations(checker, entries)
    checker.final = True
    checker.sink = final = Sink()
    checker.used_functions = set()
    functions = _elaborate(checker, entries, conditions, annotations)
    if not (final.has_errors or sink.has_errors):
        _report_open_results(checker)
    sink.take(final)
    checker.sink = sink
    return functions


def _elaborate(
    checker: Checker,
    entries: Sequence[bodies.Entry],
    conditions: Sequence[Condition],
    annotations: Annotations,
) -> dict[str, typed.Function]:
    functions = {each.id: each for entry in entries for each in bodies.check_entry(checker, entry)}
    functions |= {each.function: check_condition(checker, each) for each in conditions}
    reported = templates.check(checker)
    library = checker.library_files
    while missing := [
        each
        for each in checker.signatures.values()
        if each.id not in functions and _is_needed(checker, each, library)
    ]:
        # A body may call further functions of the library.
        functions.update({each.id: _function(checker, each, annotations) for each in missing})
    for scope in checker.scoped.files.values():
        for name in scope.own_consts:
            inlining.value_of(checker, scope, name)
    _leave_out_repeated(checker.sink, reported)
    call_sites.leave_out_repeated(checker)
    return functions


def _leave_out_repeated(sink: Sink, reported: Sequence[Diagnostic]) -> None:
    """Removes the errors of instances where the generic function has one at the same place."""
    codes = {each.span: each.code for each in reported}
    if codes:
        sink.suppress(lambda each: is_error(each) and codes.get(each.span, each.code) != each.code)


def _is_needed(checker: Checker, signature: Signature, library: frozenset[FileId]) -> bool:
    """Returns whether the program calls a function of the library; others are checked in its own
    tests."""
    if signature.template:
        return False
    scope, name = signature.scope, signature.item.name.text
    if scope.source not in library or name == MIGRATION:
        return True
    if scope.own_functions.get(name) is not signature.item:
        return True  # made from one, or the initialiser of a state variable
    return bool(signature.types) or signature.id in checker.used_functions


def _function(checker: Checker, signature: Signature, annotations: Annotations) -> typed.Function:
    solving.require_late(checker, signature)
    if signature.made_from is None:
        for i in sorted(signature.unsolved):
            if (signature.id, i) not in annotations.implied:
                _report_parameter(
                    checker, signature.item.parameters[i].name, annotations.of(signature, i)
                )
    return call_sites.check_function(checker, signature)


def _report_parameter(checker: Checker, name: ast.Ident, annotation: str | None) -> None:
    """Reports a parameter whose type nothing decides; with `annotation` the program compiles."""
    what = f"parameter `{name.text}`"
    if annotation is None:
        checker.sink.report("CCL0442", name.span, what=what, name=name.text, advice="parameter")
    else:
        checker.sink.report("CCL0442", name.span, what=what, example=f"{name.text}: {annotation}")


def _report_open_results(checker: Checker) -> None:
    """Reports results whose type nothing determines, unless another error explains it."""
    for signature in checker.signatures.values():
        if is_error_type(signature.result) and not signature.template:
            name = signature.item.name
            what, example = f"the result of `{name.text}`", "-> Integer"
            if signature.state is not None:
                what, example = f"`{name.text}`", f"{name.text}: Integer"
            advice = "question" if _hands_on(signature.item.body) else None
            checker.sink.report("CCL0442", name.span, what=what, example=example, advice=advice)


def _hands_on(node: object) -> bool:
    """Returns whether a `?` of this body returns an Err; those of inline functions do not."""
    if isinstance(node, ast.Try) and node.handler is None:
        return True
    if isinstance(node, tuple):
        return any(map(_hands_on, node))
    if not is_node(node) or isinstance(node, ast.Lambda):
        return False
    return any(_hands_on(getattr(node, each)) for each in fields(node))
