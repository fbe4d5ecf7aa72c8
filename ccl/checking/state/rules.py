"""Rules of state and invariants over all bodies: reads and mutations of state."""

from collections.abc import Iterator, Mapping

from ccl.analysis.state_effects import NO_USE
from ccl.analysis.survey import Use
from ccl.checking.core.citations import cite
from ccl.checking.core.environment import Checker
from ccl.checking.core.signatures import Signature
from ccl.checking.core.unification import zonk
from ccl.checking.expressions.literals import plain_text
from ccl.checking.rules.effects import changing_call
from ccl.checking.state.migration import MIGRATION, has_state, migration_of
from ccl.checking.state.stored_shape import shape_of
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.types import EnumDef, Prim, StructDef
from ccl.ir.visit import everything, root_of, writes_nothing, writes_of
from ccl.resolver.scopes import FileScope
from ccl.source.spans import Span
from ccl.syntax import ast


def declare_invariants(checker: Checker) -> None:
    """Declares each invariant as a function without parameters that gives a Bool."""
    for scope in checker.scoped.files.values():
        for number, item in enumerate(scope.invariants):
            signature = Signature(
                id=_invariant_id(scope, number),
                item=_condition(item),
                scope=scope,
                parameters=[],
                result=Prim.BOOL,
            )
            checker.signatures[signature.id] = signature


def _invariant_id(scope: FileScope, number: int) -> str:
    return f"{scope.prefix}invariant {number}"


def _condition(item: ast.Invariant) -> ast.Function:
    return ast.Function(
        name=ast.Ident(text=f'invariant "{plain_text(item.name)}"', span=item.name.span),
        type_parameters=(),
        parameters=(),
        result=None,
        body=item.condition,
        exported=False,
        test=False,
        doc=None,
        span=item.span,
    )


# --- reports ----------------------------------------------------------------------------


def report_state(
    checker: Checker, functions: Mapping[str, typed.Function], uses: Mapping[str, Use]
) -> None:
    """Reports wrong uses of state in functions that are typed. `uses`: by function."""
    _report_invariants(checker, functions, uses)
    _report_roles(checker, functions, uses)
    _report_migrations(checker)
    for info in checker.states.values():
        for state in sorted(uses.get(info.initial.id, NO_USE).touched)[:1]:
            checker.sink.report(
                "CCL0218",
                info.item.value.span,
                name=info.item.name.text,
                other=checker.states[state].item.name.text,
                labels=_where(functions, info.initial.id, state),
            )
        if info.type in (Prim.UNIT, Prim.NEVER):
            checker.sink.report("CCL0435", info.item.value.span, name=info.item.name.text)
    for condition in checker.charter.conditions:
        for state in sorted(uses.get(condition.function, NO_USE).touched)[:1]:
            checker.sink.report(
                "CCL0324",
                condition.expr.span,
                name=checker.states[state].item.name.text,
                labels=_where(functions, condition.function, state),
            )


def _report_changes(
    checker: Checker,
    functions: Mapping[str, typed.Function],
    use: Use,
    identity: str,
    subject: tuple[str, Span],
) -> bool:
    """Reports pure code with an effect; `subject`: its name and its place."""
    what, span = subject
    call = changing_call(functions, identity)
    if call is not None:
        label = Label(call.span, "side effect")
        checker.sink.report("CCL0450", span, what=what, labels=(label,))
    elif use.written:
        labels = _where(functions, identity, min(use.written), written=True)
        checker.sink.report("CCL0450", span, what=what, labels=labels)
    return call is not None or bool(use.written)


def _report_roles(
    checker: Checker, functions: Mapping[str, typed.Function], uses: Mapping[str, Use]
) -> None:
    """Reports requirements of roles with an effect, or that need themselves."""
    roles = [
        (role, checker.function_id(scope, role.requirements))
        for scope in checker.scoped.files.values()
        for role in scope.own_roles.values()
    ]
    names = {role.name.span for role, _ in roles}
    for role, identity in roles:
        if identity not in functions:
            continue
        subject = ("the condition of a role", role.name.span)
        _report_changes(checker, functions, uses.get(identity, NO_USE), identity, subject)
        written = tuple(each for each in _circle(functions, identity) if each not in names)
        if written:  # a circle of `extends` alone is reported as that
            labels = tuple(Label(each, "through this") for each in written)
            checker.sink.report("CCL0343", role.name.span, name=role.name.text, labels=labels)


def _circle(functions: Mapping[str, typed.Function], start: str) -> tuple[Span, ...]:
    """Returns the calls by which a function reaches itself, in order; none if it does not."""
    pending: list[tuple[str, tuple[Span, ...]]] = [(start, ())]
    seen: set[str] = set()
    while pending:
        name, path = pending.pop(0)
        for node in everything(functions[name].body):
            if not isinstance(node, typed.CallFunction):
                continue
            if node.function == start:
                return (*path, node.span)
            if node.function not in seen:
                seen.add(node.function)
                pending.append((node.function, (*path, node.span)))
    return ()


def _report_invariants(
    checker: Checker, functions: Mapping[str, typed.Function], uses: Mapping[str, Use]
) -> None:
    for _, item, identity in tuple(_invariants(checker)):
        if item.article is not None:
            _cite(checker, item.article)
        use = uses.get(identity, NO_USE)
        subject = ("an invariant", item.name.span)
        changes = _report_changes(checker, functions, use, identity, subject)
        if not changes and not use.read and not checker.sink.has_errors:
            checker.sink.report("CCL0912", item.name.span)


def _cite(checker: Checker, article: ast.StringLiteral) -> None:
    text = plain_text(article)
    if text is not None:
        cite(checker, text, article.span)


def _report_migrations(checker: Checker) -> None:
    for scope in checker.scoped.files.values():
        item = scope.own_functions.get(MIGRATION)
        if item is None or not has_state(checker, scope.home):
            continue
        found = migration_of(checker, scope)
        kinds = None if found is None else [zonk(each) for each in found.parameters]
        if found is None or kinds != [Prim.DATA] or zonk(found.result) is not Prim.UNIT:
            state = next(s for s in checker.states.values() if s.scope.home == scope.home)
            label = Label(state.item.name.span, "the stored state")
            checker.sink.report("CCL0219", item.name.span, labels=(label,))


def _invariants(checker: Checker) -> Iterator[tuple[FileScope, ast.Invariant, str]]:
    for scope in checker.scoped.files.values():
        for number, item in enumerate(scope.invariants):
            yield scope, item, _invariant_id(scope, number)


def _where(
    functions: Mapping[str, typed.Function], start: str, state: str, *, written: bool = False
) -> tuple[Label, ...]:
    """Returns a label at the first use of state, from a function on through its callees."""
    pending, seen = [start], {start}
    while pending:
        body = functions[pending.pop(0)].body
        spans = sorted(_uses_in(body, state, written=written), key=lambda span: span.start)
        if spans:
            return (Label(spans[0], "changed here" if written else "used here"),)
        for node in everything(body):
            if isinstance(node, typed.CallFunction) and node.function not in seen:
                seen.add(node.function)
                pending.append(node.function)
    return ()


def _uses_in(body: typed.Expr, state: str, *, written: bool) -> Iterator[Span]:
    for node in everything(body):
        match node:
            case typed.StateGet() if node.state == state and not written:
                yield node.span
            case typed.CallFunction(arguments=arguments) | typed.CallBuiltin(arguments=arguments):
                for argument in arguments:
                    root = root_of(argument.value) if argument.mutated else None
                    if isinstance(root, typed.StateGet) and root.state == state:
                        yield argument.value.span
            case typed.Block(statements=statements):
                for statement in statements:
                    if state in writes_of(statement):
                        yield statement.span
            case _:
                yield from writes_nothing(node)


# --- the program ------------------------------------------------------------------------


def states_of(
    checker: Checker, structs: Mapping[str, StructDef], enums: Mapping[str, EnumDef]
) -> dict[str, typed.State]:
    proposals = {
        checker.function_id(scope, each.state): each.name.text
        for scope in checker.scoped.files.values()
        for each in scope.proposals.values()
    }
    return {
        info.id: typed.State(
            id=info.id,
            home=info.scope.home,
            name=info.item.name.text,
            proposal=proposals.get(info.id),
            type=info.type,
            initial=info.initial.id,
            shape=shape_of(info.type, structs, enums),
            span=info.item.name.span,
        )
        for info in checker.states.values()
    }


def invariants_of(checker: Checker) -> tuple[typed.Invariant, ...]:
    return tuple(
        typed.Invariant(
            text=plain_text(item.name) or "",
            function=identity,
            article=None if item.article is None else plain_text(item.article),
            span=item.name.span,
        )
        for _, item, identity in _invariants(checker)
    )


def migrations_of(checker: Checker) -> dict[str, str]:
    found: dict[str, str] = {}
    for scope in checker.scoped.files.values():
        signature = migration_of(checker, scope)
        if signature is not None:
            found[scope.home] = signature.id
    return found
