"""Tests as entries of a module, and test functions called outside of tests."""

from collections.abc import Iterable, Mapping

from ccl.abi.test_calls import TEST_PREFIX
from ccl.checking.core.environment import Checker
from ccl.checking.core.unification import has_error_type, prune
from ccl.checking.functions.entries import root_functions
from ccl.diagnostics.model import Edit, Fix
from ccl.ir import typed
from ccl.ir.types import Prim, Result, Type
from ccl.ir.visit import everything
from ccl.source.spans import Span
from ccl.syntax import ast


def exports_of_tests(checker: Checker) -> tuple[typed.Export, ...]:
    """Returns the tests of the root file as entries; reports tests that cannot be run alone."""
    exports: list[typed.Export] = []
    for name, identity, item in root_functions(checker):
        if item.test:
            _report_shape(checker, item)
            signature = checker.signatures.get(identity)
            if signature is not None:
                _report_result(checker, item, prune(signature.result))
                exports.append(
                    typed.Export(name=f"{TEST_PREFIX}{name}", function=identity, doc=item.doc)
                )
    return tuple(exports)


def _report_shape(checker: Checker, item: ast.Function) -> None:
    """Reports a test with parameters, or with a result other than nothing or a Result."""
    if item.type_parameters:
        first, last = item.type_parameters[0].span, item.type_parameters[-1].span
        checker.sink.report("CCL0720", first.to(last), what="type parameters", advice="generic")
    elif item.parameters:
        span = item.parameters[0].span.to(item.parameters[-1].span)
        checker.sink.report("CCL0720", span, what="parameters", advice="parameters")
    elif item.exported:
        before = Span(item.span.file, item.span.start, item.span.start + len("export "))
        checker.sink.report(
            "CCL0723",
            item.name.span,
            name=item.name.text,
            fixes=(Fix("remove `export`", (Edit(before, ""),)),),
        )


def _report_result(checker: Checker, item: ast.Function, result: Type) -> None:
    """Reports a test with a value, which would be discarded."""
    if has_error_type(result) or result is Prim.UNIT or isinstance(result, Result):
        return
    span = item.name.span if item.result is None else item.result.span
    checker.sink.report("CCL0720", span, what=f"a result of type {result}", advice="result")


def report_forms(
    checker: Checker, functions: Mapping[str, typed.Function], exports: Iterable[typed.Export]
) -> None:
    """Reports calls of test functions that a program's exports reach."""
    pending = [(each.function, each.name) for each in exports]
    seen: set[str] = set()
    while pending:
        identity, name = pending.pop()
        if identity in seen or identity not in functions:
            continue
        seen.add(identity)
        for span, form in checker.test_forms.get(identity, {}).items():
            _report_form(checker, span, form, name)
        for node in everything(functions[identity].body):
            if isinstance(node, typed.CallFunction):
                pending.append((node.function, name))


def _report_form(checker: Checker, span: Span, form: str, export: str) -> None:
    fixes: tuple[Fix, ...] = ()
    if form == "assert":
        word = Span(span.file, span.start, span.start + len(form))
        fixes = (Fix("write `require`", (Edit(word, "require"),)),)
    checker.sink.report("CCL0721", span, name=form, export=export, fixes=fixes)
