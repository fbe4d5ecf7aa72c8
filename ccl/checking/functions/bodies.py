"""Checking bodies: rounds that learn the types left out, then the final one.

A round checks every body with what is known so far. Its trees and diagnostics are thrown
away; what it found out about signatures and `let`s stays. When nothing new comes up, open
numbers become Integer, and one last round builds the typed functions and reports.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ccl import ast, typed
from ccl.abi.layout import HANDLER_PREFIX
from ccl.builtins import HANDLER_PARAMETER
from ccl.checking import blocks, statements
from ccl.checking.advice.lints import report_variables
from ccl.checking.charter.conditions import check_conditions
from ccl.checking.constants import constants
from ccl.checking.conversions import fit
from ccl.checking.environment import Body, Checker, Origin, Signature
from ccl.checking.handlers.outcomes import check_handler
from ccl.checking.inference import POISON, fresh, has_poison, is_open, is_poison, prune, unify, zonk
from ccl.checking.standing.migration import MIGRATION
from ccl.checking.standing.states import INITIAL_SUFFIX
from ccl.checking.type_names import NO_PARAMETERS, read_type
from ccl.diagnostics import Label, Sink
from ccl.resolved import FileScope
from ccl.source import FileId, Span
from ccl.types import Prim, Type

ROUNDS_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A body that is no function of the program's text: `execution` or an event's handlers."""

    id: str
    name: str
    """Of its export."""
    bodies: tuple[tuple[FileScope, ast.Block], ...]
    context: bool
    """Handlers have the parameter `ctx`."""
    span: Span


def declare(
    checker: Checker,
    scope: FileScope,
    item: ast.Function,
    types: Mapping[str, Type] = NO_PARAMETERS,
) -> Signature:
    """What callers need to know; types left out are open. `types`: of a generic function."""
    parameters = [
        fresh() if each.type is None else read_type(checker, scope, each.type, types, solved=True)
        for each in item.parameters
    ]
    result = Prim.UNIT if item.entry else fresh()
    if item.result is not None:
        result = _declared_result(checker, scope, item.result, types)
    return Signature(
        id=checker.function_id(scope, item.name.text),
        types=types,
        item=item,
        scope=scope,
        parameters=parameters,
        result=result,
    )


def _declared_result(
    checker: Checker, scope: FileScope, written: ast.TypeExpr, types: Mapping[str, Type]
) -> Type:
    """`Never` is the result of what does not come back; nothing else has that type."""
    match written:
        case ast.NamedType(path=(ast.Ident(text="Never"),), arguments=()) if (
            "Never" not in scope.type_names and "Never" not in types
        ):
            return Prim.NEVER
        case _:
            return read_type(checker, scope, written, types, solved=True)


def check_bodies(
    checker: Checker, entries: tuple[Entry, ...], sink: Sink
) -> dict[str, typed.Function]:
    """Every function and entry of the program, typed. Faults go to `sink`."""
    _learn(checker, entries)
    for _ in range(ROUNDS_MAX):
        before = {name: signature.mutated for name, signature in checker.signatures.items()}
        checker.final = True
        checker.sink = final = Sink()
        checker.const_values.clear()
        functions = _round(checker, entries)
        _spread_mutation(checker)
        if len(checker.signatures) > len(before):
            _forget_unlearnt(checker, before.keys())
            _learn(checker, entries)
            continue
        if before == {name: each.mutated for name, each in checker.signatures.items()}:
            break
    if not (final.has_errors or sink.has_errors):
        _report_open_results(checker)
    sink.take(final)
    checker.sink = sink
    return functions


def _forget_unlearnt(checker: Checker, known: Collection[str]) -> None:
    """What came up in a final round has not been learnt: its open types are not faults yet."""
    for name, signature in tuple(checker.signatures.items()):
        if name not in known and any(map(has_poison, (*signature.parameters, signature.result))):
            del checker.signatures[name]


def _learn(checker: Checker, entries: tuple[Entry, ...]) -> None:
    """Rounds until nothing new comes up: then numbers are Integer, after that errors String."""
    checker.defaulting = False
    checker.final = False
    errors = False
    for _ in range(ROUNDS_MAX):
        checker.sink = Sink()
        checker.const_values.clear()
        checker.stuck = False
        before = _known(checker)
        _round(checker, entries)
        if not checker.stuck:
            break
        if _known(checker) == before:
            if errors:
                break
            errors, checker.defaulting = checker.defaulting, True
            _default_open(checker, errors=errors)
    _default_open(checker, errors=True)
    _spread_mutation(checker)


def _known(checker: Checker) -> tuple[int, int]:
    """How much is known: closed signatures' parts and closed `let`s."""
    parts = [
        kind
        for signature in checker.signatures.values()
        for kind in (*signature.parameters, signature.result)
    ]
    return (
        sum(not is_open(kind) for kind in parts),
        sum(not is_open(kind) for kind in checker.let_types.values()),
    )


def _default_open(checker: Checker, *, errors: bool) -> None:
    def closed(kind: Type) -> Type:
        return zonk(kind, default=True, errors=errors)

    for signature in checker.signatures.values():
        signature.parameters = [closed(each) for each in signature.parameters]
        signature.result = closed(signature.result)
    for key, kind in checker.let_types.items():
        checker.let_types[key] = closed(kind)


def _round(checker: Checker, entries: tuple[Entry, ...]) -> dict[str, typed.Function]:
    checker.mutation_facts = {}
    checker.used_functions = set()
    functions = {each.id: each for entry in entries for each in _entry(checker, entry)}
    functions.update(check_conditions(checker))
    library = checker.library_files
    while missing := [
        each
        for each in checker.signatures.values()
        if each.id not in functions and _is_asked_for(checker, each, library)
    ]:
        # A body may call for further instances of generic functions, and functions of the library.
        functions.update({each.id: check_function(checker, each) for each in missing})
    for key, kind in checker.let_types.items():
        checker.let_types[key] = zonk(kind)
    for scope in checker.scoped.files.values():
        for name in scope.own_consts:
            constants.value_of(checker, scope, name)
    return functions


def _is_asked_for(checker: Checker, signature: Signature, library: frozenset[FileId]) -> bool:
    """Functions of the library that the program does not call are checked in its own tests."""
    scope, name = signature.scope, signature.item.name.text
    if scope.source not in library or name == MIGRATION:
        return True
    if scope.own_functions.get(name) is not signature.item:
        return True  # made from one, or the initialiser of a state variable
    return bool(signature.types) or signature.id in checker.used_functions


def check_function(checker: Checker, signature: Signature) -> typed.Function:
    item = signature.item
    if checker.final:
        _report_open(checker, signature)
    labels = (
        (Label(item.result.span, "the result type is declared here"),)
        if item.result is not None
        else ()
    )
    body = Body(
        checker=checker,
        scope=signature.scope,
        id=signature.id,
        result=signature.result,
        types={name: zonk(kind) for name, kind in signature.types.items()},
        functions=signature.functions,
        outer=signature.outer,
        is_entry=item.entry,
        is_made=item.made,
        result_labels=labels,
    )
    for parameter, kind in zip(item.parameters, signature.parameters, strict=True):
        name = parameter.name
        if name.text in body.scopes[0]:
            first = body.scopes[0][name.text].local.span
            checker.sink.report(
                "CCL0211", name.span, name=name.text, labels=(Label(first, "first here"),)
            )
            body.scopes[0][name.text].reads.append(first.start)
        body.declare(name.text, kind, name.span, Origin.PARAMETER)
    block = _body_block(body, item.body, item.name.span)
    return _finish(body, signature.id, item.name.text, len(item.parameters), block, item.span)


def _report_open(checker: Checker, signature: Signature) -> None:
    """A type that neither the body nor any call determines must be written."""
    for i, (parameter, kind) in enumerate(
        zip(signature.item.parameters, signature.parameters, strict=True)
    ):
        if is_open(kind):
            signature.parameters[i] = POISON
            if signature.made_from is not None:
                continue  # what it was made for says more
            checker.sink.report(
                "CCL0442",
                parameter.name.span,
                what=f"parameter `{parameter.name.text}`",
                example=f"{parameter.name.text}: Integer",
            )
    if is_open(signature.result):
        signature.result = POISON


def _report_open_results(checker: Checker) -> None:
    """A result that nothing determines, and that no other fault explains."""
    for signature in checker.signatures.values():
        if is_poison(signature.result):
            name = signature.item.name
            what, example = f"the result of `{name.text}`", "-> Integer"
            if signature.id.endswith(INITIAL_SUFFIX):
                what, example = f"`{name.text}`", f"{name.text}: Integer"
            checker.sink.report("CCL0442", name.span, what=what, example=example)


def _body_block(body: Body, block: ast.Block, name: Span) -> typed.Block:
    """The body with its value fitted to the result type."""
    result = prune(body.result)
    node = blocks.infer_block(body, block, None if is_poison(result) else result)
    assert isinstance(node, typed.Block), "a block stays a block"
    if node.value is not None and prune(node.value.type) is not Prim.UNIT:
        return _with_value(node, fit(body, node.value, body.result, labels=body.result_labels))
    if node.type is Prim.NEVER:
        if not body.returns and is_open(body.result):
            unify(body.result, Prim.UNIT)
        return node
    if not unify(body.result, Prim.UNIT):
        _missing_return(body, block, name)
    return node


def _with_value(node: typed.Block, value: typed.Expr) -> typed.Block:
    return typed.Block(
        statements=node.statements, value=value, type=zonk(value.type), span=node.span
    )


def _missing_return(body: Body, block: ast.Block, name: Span) -> None:
    last = block.statements[-1] if block.statements else None
    labels = list(body.result_labels)
    if isinstance(last, ast.ExpressionStatement) and last.terminated:
        labels.append(Label(last.span, "this value is dropped by the `;`"))
    body.sink.report(
        "CCL0501",
        Span(block.span.file, max(block.span.end - 1, block.span.start), block.span.end),
        expected=str(zonk(body.result)),
        labels=(Label(name, "in this function"), *labels),
    )


def _entry(checker: Checker, entry: Entry) -> tuple[typed.Function, ...]:
    if not entry.context:
        return (_execution(checker, entry),)
    if len(entry.bodies) == 1:
        return (_handler(checker, entry, 0, entry.id),)
    handlers = [
        _handler(checker, entry, number, f"{entry.id} {number + 1}")
        for number in range(len(entry.bodies))
    ]
    return (_joined(checker, entry, handlers), *handlers)


def _handler(checker: Checker, entry: Entry, number: int, identity: str) -> typed.Function:
    scope, block = entry.bodies[number]
    body = Body(checker=checker, scope=scope, id=identity, result=Prim.UNIT, is_entry=True)
    body.declare(HANDLER_PARAMETER, Prim.DATA, entry.span, Origin.PARAMETER)
    event = entry.name.removeprefix(HANDLER_PREFIX)
    node = check_handler(body, event, block, entry.span)
    return _finish(body, identity, entry.name, 1, node, entry.span)


def _joined(checker: Checker, entry: Entry, handlers: Sequence[typed.Function]) -> typed.Function:
    """The handlers of one event, in order; one that returns ends only itself."""
    scope, span = entry.bodies[0][0], entry.span
    body = Body(checker=checker, scope=scope, id=entry.id, result=Prim.UNIT, is_entry=True)
    context = body.temporary(Prim.DATA, span)
    given = typed.LocalGet(local=context, type=Prim.DATA, span=span)
    calls = (
        typed.CallFunction(
            function=each.id,
            arguments=(typed.Argument(value=given, mutated=False),),
            type=Prim.UNIT,
            span=each.span,
        )
        for each in handlers
    )
    statements = tuple(typed.Evaluate(value=call, span=call.span) for call in calls)
    block = typed.Block(statements=statements, value=None, type=Prim.UNIT, span=span)
    return _finish(body, entry.id, entry.name, 1, block, span)


def _execution(checker: Checker, entry: Entry) -> typed.Function:
    scope, block = entry.bodies[0]
    body = Body(checker=checker, scope=scope, id=entry.id, result=Prim.UNIT, is_entry=True)
    learnt = checker.let_types.get((entry.id, entry.span))
    if learnt is not None and has_poison(learnt):
        learnt = None
    body.result = learnt if checker.final and learnt is not None else fresh()
    node = blocks.infer_block(body, block, learnt)
    assert isinstance(node, typed.Block), "a block stays a block"
    kind = zonk(node.type)
    if kind is Prim.NEVER and not body.returns:
        kind = Prim.UNIT
    if has_poison(kind):
        result = POISON
    elif unify(body.result, kind) or kind is Prim.NEVER:
        result = zonk(body.result)
    else:
        _missing_return(body, block, entry.span)
        result = POISON
    if not checker.final:
        checker.let_types[entry.id, entry.span] = result
    elif is_open(result):
        checker.sink.report("CCL0409", node.span, what="the value of this block")
    body.result = result
    return _finish(body, entry.id, "execution", 0, node, entry.span)


def _finish(
    body: Body, identity: str, name: str, arity: int, block: typed.Block, span: Span
) -> typed.Function:
    checker = body.checker
    checker.mutation_facts[identity] = body.facts
    if checker.final:
        statements.report_assigning_lets(body)
        report_variables(body)
    signature = checker.signatures.get(identity)
    return typed.Function(
        id=identity,
        name=name,
        parameters=tuple(body.locals[:arity]),
        locals=tuple(body.locals[arity:]),
        mutated=signature.mutated if signature is not None else frozenset(),
        result=zonk(body.result),
        body=block,
        span=span,
    )


def _spread_mutation(checker: Checker) -> None:
    """Which parameters each function may change, directly or through what it calls."""
    mutated = {name: set(facts.direct) for name, facts in checker.mutation_facts.items()}
    changed = True
    while changed:
        changed = False
        for name, facts in checker.mutation_facts.items():
            for own, callee, parameter in facts.passed:
                if parameter in mutated.get(callee, ()) and own not in mutated[name]:
                    mutated[name].add(own)
                    changed = True
    for name, signature in checker.signatures.items():
        signature.mutated = frozenset(mutated.get(name, ()))
