"""State variables: their declaration, their first values, and their use in code.

A state variable is read as a value and mutated in place. Only the file that declares it mutates it;
others read it as `alias.name`.
"""

from ccl.checking.core.declarations import StateInfo
from ccl.checking.core.environment import Body, Checker, invalid
from ccl.checking.core.signatures import Signature
from ccl.checking.core.type_names import read_type
from ccl.checking.core.unification import fresh, unify
from ccl.checking.state.migration import migration_of
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.ir import typed
from ccl.ir.types import Prim
from ccl.resolver.scopes import FileScope
from ccl.source.spans import Span
from ccl.syntax import ast


def declare_states(checker: Checker) -> None:
    """Declares every state variable, with a function for its first value; migrations take Data."""
    owners: dict[str, FileScope] = {}
    for scope in checker.scoped.files.values():
        _claim_home(checker, scope, owners)
        for name, item in scope.own_states.items():
            identity = checker.function_id(scope, name)
            initial = Signature(
                id=f"{identity} initial",
                item=_initial(item),
                scope=scope,
                parameters=[],
                state=identity,
                result=fresh() if item.type is None else read_type(checker, scope, item.type),
            )
            checker.signatures[initial.id] = initial
            checker.states[identity] = StateInfo(
                id=identity, item=item, scope=scope, initial=initial
            )
    for scope in checker.scoped.files.values():
        migration = migration_of(checker, scope)
        if migration is not None and len(migration.parameters) == 1:
            unify(migration.parameters[0], Prim.DATA)
            unify(migration.result, Prim.UNIT)


def _claim_home(checker: Checker, scope: FileScope, owners: dict[str, FileScope]) -> None:
    """Reports a file or contract that stores its state under the same name as another one."""
    mine = next(iter(scope.own_states.values()), None)
    if mine is None:
        return
    owner = owners.setdefault(scope.home, scope)
    if owner.prefix == scope.prefix:
        return
    theirs = next(iter(owner.own_states.values()))
    checker.sink.report(
        "CCL0230",
        mine.name.span,
        home=scope.home,
        labels=(Label(theirs.name.span, f"stored under `{scope.home}` too"),),
    )


def _initial(item: ast.State) -> ast.Function:
    value = ast.ExpressionStatement(value=item.value, terminated=False, span=item.value.span)
    return ast.Function(
        name=ast.Ident(text=f"state {item.name.text}", span=item.name.span),
        type_parameters=(),
        parameters=(),
        result=item.type,
        body=ast.Block(statements=(value,), span=item.value.span),
        exported=False,
        test=False,
        doc=None,
        span=item.span,
    )


# --- in code ----------------------------------------------------------------------------


def read(body: Body, scope: FileScope, name: str, span: Span) -> typed.Expr:
    """Reads the state variable that `scope` sees under this name."""
    info = body.checker.states[body.checker.function_id(scope, name)]
    body.checker.used_states.add(info.id)
    if body.in_constant:
        body.sink.report("CCL0423", span, what=f"the state `{name}`")
        return invalid(span)
    return typed.StateGet(state=info.id, type=info.type, span=span)


def is_named(body: Body, target: ast.Expr) -> bool:
    """Returns whether a target of an assignment starts at a state variable, `total` or
    `alias.C.total`."""
    fields: list[str] = []
    while isinstance(target, ast.Field | ast.Index):
        fields = [target.name.text, *fields] if isinstance(target, ast.Field) else []
        target = target.base
    match target:
        case ast.Name(text=first):
            path = [first, *fields]
        case ast.PathName(segments=segments):
            first, path = segments[0].text, [*(each.text for each in segments), *fields]
        case _:
            return False
    if body.find(first) is not None:
        return False
    if first in body.scope.states:
        return True
    scope, members = body.checker.follow(body.scope, path)
    return scope is not body.scope and members != () and members[0] in scope.states


def refuse_foreign(body: Body, root: typed.StateGet) -> bool:
    """Reports a mutation of another file's state.

    So the rules of state are in one file. State that a contract includes from another file is its
    own.
    """
    info = body.checker.states[root.state]
    item = info.item
    if item.span.file == root.span.file or info.scope.prefix == body.scope.prefix:
        return False
    body.sink.report(
        "CCL0427",
        root.span,
        what=f"`{item.name.text}`, the state of another file",
        labels=(Label(item.name.span, "declared here"),),
    )
    return True


def refuse_let(body: Body, name: ast.Ident, without: tuple[Edit, ...]) -> bool:
    """Reports a `let` of a state's name, which would hide the state.

    `without`: the edits that leave an assignment of it.
    """
    if name.text not in body.scope.states:
        return False
    owner = body.checker.function_id(body.scope, name.text)
    declared = body.checker.states[owner].item.name.span
    body.checker.used_states.add(owner)
    body.sink.report(
        "CCL0217",
        name.span,
        name=name.text,
        labels=(Label(declared, "the state is declared here"),),
        fixes=(Fix(f"write `{name.text} = …`", without),),
    )
    return True
