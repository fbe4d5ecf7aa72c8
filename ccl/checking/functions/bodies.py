"""Bodies of functions, of `execution` and of handlers, typed with the signatures of their
callees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ccl.abi.events import JOB_EVENTS
from ccl.checking.core.conversions import fit
from ccl.checking.core.environment import Body, Checker
from ccl.checking.core.signatures import Signature
from ccl.checking.core.type_names import NO_PARAMETERS, read_type
from ccl.checking.core.unification import (
    fresh,
    has_error_type,
    is_error_type,
    is_open,
    known_type,
    prune,
    unify,
    zonk,
)
from ccl.checking.core.variables import Origin
from ccl.checking.expressions import blocks
from ccl.checking.handlers.bodies import check_handler
from ccl.checking.lints.assigning_lets import report_assigning_lets
from ccl.checking.lints.unused import report_variables
from ccl.checking.symbols.uses import note_prelude_type
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.types import ERROR_TYPE, Prim, Type
from ccl.prelude.functions import HANDLER_PARAMETER
from ccl.resolver.scopes import FileScope
from ccl.source.spans import Span
from ccl.syntax import ast


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A body that is not a function of the program's text: `execution` or an event's handlers."""

    id: str
    name: str
    """The name of its export."""
    bodies: tuple[tuple[FileScope, ast.Block], ...]
    event: str | None
    """The event of handlers, which have the parameter `ctx`."""
    span: Span


def declare(
    checker: Checker,
    scope: FileScope,
    item: ast.Function,
    types: Mapping[str, Type] = NO_PARAMETERS,
) -> Signature:
    """Returns the signature; omitted types are open. `types`: of a generic function."""
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
    """Returns the declared result; `Never` is the type of a function that does not return."""
    match written:
        case ast.NamedType(path=(ast.Ident(text="Never") as name,), arguments=()) if (
            "Never" not in scope.type_names and "Never" not in types
        ):
            note_prelude_type(checker, name)
            return Prim.NEVER
        case _:
            return read_type(checker, scope, written, types, solved=True)


def check_function(checker: Checker, signature: Signature) -> typed.Function:
    """Checks the body of one function, and binds the open types of its signature.

    Raises Cancelled.
    """
    checker.cancellation.check()
    item = signature.item
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
        is_template=signature.template,
        types={name: zonk(kind) for name, kind in signature.types.items()},
        functions=signature.functions,
        outer=signature.outer,
        is_entry=item.entry,
        is_generated=item.generated,
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


def _body_block(body: Body, block: ast.Block, name: Span) -> typed.Block:
    """Checks a body, and converts its value to the result type."""
    result = prune(body.result)
    node = blocks.infer_block(body, block, None if is_error_type(result) else result)
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


def check_entry(checker: Checker, entry: Entry) -> tuple[typed.Function, ...]:
    """Checks one entry; returns its functions, the exported one first. Raises Cancelled."""
    checker.cancellation.check()
    event = entry.event
    if event is None:
        return (_execution(checker, entry),)
    if len(entry.bodies) == 1:
        return (_handler(checker, entry, event, 0, entry.id),)
    handlers = [
        _handler(checker, entry, event, number, f"{entry.id} {number + 1}")
        for number in range(len(entry.bodies))
    ]
    return (_joined(checker, entry, handlers), *handlers)


def _handler(
    checker: Checker, entry: Entry, event: str, number: int, identity: str
) -> typed.Function:
    scope, block = entry.bodies[number]
    body = Body(
        checker=checker,
        scope=scope,
        id=identity,
        result=Prim.UNIT,
        is_entry=True,
        job_event=event if event in JOB_EVENTS else None,
    )
    body.declare(HANDLER_PARAMETER, Prim.DATA, entry.span, Origin.PARAMETER)
    node = check_handler(body, event, block, entry.span)
    return _finish(body, identity, entry.name, 1, node, entry.span)


def _joined(checker: Checker, entry: Entry, handlers: Sequence[typed.Function]) -> typed.Function:
    """Builds the function that calls the handlers of one event, in order; one that returns ends
    only itself."""
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
    found = known_type(body.solved.get(entry.span, ERROR_TYPE), None)
    body.result = found or fresh()
    node = blocks.infer_block(body, block, found)
    assert isinstance(node, typed.Block), "a block stays a block"
    kind = zonk(node.type)
    if kind is Prim.NEVER and not body.returns:
        kind = Prim.UNIT
    if has_error_type(kind):
        result = ERROR_TYPE
    elif unify(body.result, kind) or kind is Prim.NEVER:
        result = zonk(body.result)
    else:
        _missing_return(body, block, entry.span)
        result = ERROR_TYPE
    if not checker.final:
        body.solved[entry.span] = result
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
        report_assigning_lets(body)
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
