"""Call sites of instances, and errors that are attributed to them.

An instance is checked because of a call. An error in a body of the library is attributed to the
outermost call in the program's files, or to the function that it passes. An error in a function of
the program keeps its place, with a label at the call.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from ccl.checking.core.environment import CallSite, Checker
from ccl.checking.core.signatures import InlineFunction, NamedFunction, PassedFunction, Signature
from ccl.checking.core.unification import zonk
from ccl.checking.functions import bodies
from ccl.diagnostics.model import Diagnostic, Label, Sink, is_error
from ccl.ir import typed
from ccl.source.spans import Span
from ccl.support.node import nodes_of, replace
from ccl.syntax import ast
from ccl.syntax.paths import path_of

_MISMATCH: Final = "CCL0401"
_FUNCTION_MISMATCH: Final = "CCL0465"
_OTHER_COUNT: Final = "CCL0445"
OF_OPEN_TYPES: Final = frozenset({"CCL0409", "CCL0442"})
"""Errors about types that nothing determines; they may follow from other errors."""


def check_function(checker: Checker, signature: Signature) -> typed.Function:
    """Checks the body of a function; its errors are attributed to the call that they come from."""
    report_to, checker.sink = checker.sink, Sink()
    function = bodies.check_function(checker, signature)
    found, checker.sink = checker.sink, report_to
    if not found.diagnostics:
        return function
    passed = _passed_calls(signature)
    for each in sorted(found.diagnostics, key=lambda each: _around(passed, each.span) is None):
        report_to.add(_led_back(checker, signature, passed, each))
    return function


def leave_out_repeated(checker: Checker) -> None:
    """Removes all but one error of each call.

    An error about an undetermined type gives way to any other, and to an error of the call itself,
    from which it may follow. An inline function that is never called, because its parameters do not
    fit, may leave types open.
    """
    of_call: dict[Span, list[Diagnostic]] = {}
    own: list[Span] = []
    for each in checker.sink.diagnostics:
        call = checker.attributed_errors.get((each.code, each.span))
        if call is not None:
            of_call.setdefault(call, []).append(each)
        elif is_error(each):
            own.append(each.span)
    kept = {
        id(min(found, key=lambda each: each.code in OF_OPEN_TYPES))
        for call, found in of_call.items()
        if not any(call.contains(span) for span in own)
    }
    left_out = {id(each) for found in of_call.values() for each in found} - kept
    misfits = [each.span for each in checker.sink.diagnostics if each.code == _OTHER_COUNT]
    checker.sink.suppress(
        lambda each: (
            id(each) in left_out
            or (each.code in OF_OPEN_TYPES and any(at.contains(each.span) for at in misfits))
        )
    )


def _led_back(
    checker: Checker, signature: Signature, passed: Sequence[ast.Call], found: Diagnostic
) -> Diagnostic:
    if not (is_error(found) and signature.item.span.contains(found.span)):
        return found
    sites = tuple(_sites(checker, signature.id))
    if not sites:
        return found
    library = checker.imported_library_files
    own = tuple(site for site in sites if site.call.span.file not in library)
    if found.span.file not in library:
        shown = dict.fromkeys((sites[0], sites[-1]))
        calls = tuple(
            Label(site.call.span, f"`{_name(site)}` is called here")
            for site in shown
            if site in own and not site.call.span.contains(found.span)
        )
        return replace(found, labels=(*found.labels, *calls))
    if not own:
        return found
    moved = _at_function(checker, signature, passed, found, own) or _at_call(checker, found, own)
    file = next(path for path, file in checker.scoped.library.items() if file == found.span.file)
    between = tuple(
        Label(site.call.span, f"`{_name(site)}` is called here")
        for site in own
        if not site.call.span.contains(moved.span)
    )
    kept = tuple(each for each in found.labels if each.span.file not in library)
    verb = "needed" if _around(passed, found.span) is None else "called"
    place = Label(found.span, f"{verb} here, in {file}")
    moved = replace(moved, labels=(*between, *kept, place), fixes=())
    checker.attributed_errors.setdefault((moved.code, moved.span), own[-1].call.span)
    return moved


def _at_function(
    checker: Checker,
    signature: Signature,
    passed: Sequence[ast.Call],
    found: Diagnostic,
    own: tuple[CallSite, ...],
) -> Diagnostic | None:
    """Attributes an error in a call of a passed function to that function; None for any other
    error."""
    call = _around(passed, found.span)
    if call is None:
        return None
    assert isinstance(call.callee, ast.Name), "a function that is passed is called by its name"
    function = signature.functions[call.callee.text]
    gives = found.span == call.span
    place = _place(checker, function, own, result=gives)
    if place is None:
        return None
    if found.code != _MISMATCH:
        return replace(found, span=place)
    callee, expected, actual = _name(own[0]), found.facts["expected"], found.facts["found"]
    if gives:
        facts = {"does": f"gives {actual}", "needs": f"needs {expected}"}
        if isinstance(function, InlineFunction) and "advice" in found.facts:
            facts["advice"] = found.facts["advice"]
    else:
        facts = {"does": f"takes {expected}", "needs": f"gives it {actual}"}
    return replace(found, code=_FUNCTION_MISMATCH, span=place, facts={**facts, "callee": callee})


def _at_call(checker: Checker, found: Diagnostic, own: tuple[CallSite, ...]) -> Diagnostic:
    """Attributes an error about the types of a call to a passed function's value, or to the
    call."""
    site = own[-1]
    instance = checker.signatures.get(site.instance)
    functions = () if instance is None else tuple(instance.functions.values())
    place = _place(checker, functions[0], own, result=True) if len(functions) == 1 else None
    facts = {name: value for name, value in found.facts.items() if name != "advice"}
    if place is None:
        return replace(found, span=site.call.span, facts=facts)
    if found.code != _MISMATCH or _result(checker, functions[0]) != facts["expected"]:
        return replace(found, span=place, facts=facts)
    gives = {"does": f"gives {facts['expected']}", "needs": f"needs {facts['found']}"}
    facts = {**gives, "callee": _name(own[0])}
    return replace(found, code=_FUNCTION_MISMATCH, span=place, facts=facts)


def _result(checker: Checker, function: PassedFunction) -> str | None:
    """Returns the type of a function's result, if it is known: the library may have assumed it."""
    identity = ""
    match function:
        case InlineFunction():
            identity = function.function
        case NamedFunction(scope=scope, name=name) if name in scope.functions:
            identity = checker.function_id(scope, name)
        case _:
            pass
    known = checker.signatures.get(identity)
    return None if known is None else str(zonk(known.result))


def _passed_calls(signature: Signature) -> tuple[ast.Call, ...]:
    """Returns the calls of passed functions in a body: found once, for all of its errors."""
    if not signature.functions:
        return ()
    return tuple(
        node
        for node in nodes_of(signature.item.body)
        if isinstance(node, ast.Call)
        and isinstance(node.callee, ast.Name)
        and node.callee.text in signature.functions
    )


def _around(calls: Sequence[ast.Call], span: Span) -> ast.Call | None:
    """Returns the innermost of the calls around a place."""
    around = (each for each in calls if each.span.contains(span))
    return min(around, key=lambda each: each.span.end - each.span.start, default=None)


def _place(
    checker: Checker, function: PassedFunction, own: tuple[CallSite, ...], *, result: bool
) -> Span | None:
    """Returns the place where the program's files pass a function, or the value of an inline
    one."""
    match function:
        case InlineFunction(function=identity):
            inline = checker.signatures[identity]
            item = inline.item
            if item.span.file in checker.imported_library_files:
                return None
            last = item.body.statements[-1] if result and item.body.statements else None
            match last:
                case ast.ExpressionStatement(value=ast.Call(callee=ast.Name(text=text))) if (
                    text in inline.functions
                ):
                    return _place(checker, inline.functions[text], own, result=True)
                case ast.ExpressionStatement(value=value):
                    return value.span
                case _:
                    return item.span
        case NamedFunction(name=name):
            for site in reversed(own):
                for argument in site.call.arguments:
                    path = path_of(argument.value)
                    if path and path[-1].text == name:
                        return argument.value.span
            return None
        case _:
            return None


def _sites(checker: Checker, identity: str) -> Iterator[CallSite]:
    """Yields the call sites that led to an instance, from the innermost outwards.

    After the call for which the instance was made comes the one for the function around that call,
    and so on; an inline function has the call site of the function around it.
    """
    while identity:
        site = checker.call_sites.get(identity)
        if site is not None:
            yield site
        signature = checker.signatures.get(identity)
        around = None if signature is None else signature.written_in
        identity = site.body if site is not None else around or ""


def _name(site: CallSite) -> str:
    """Returns the name of the function as the call writes it."""
    path = path_of(site.call.callee)
    if path:
        return path[-1].text
    assert isinstance(site.call.callee, ast.Field), "a function is called by a path or as a method"
    return site.call.callee.name.text
