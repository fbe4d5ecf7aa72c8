"""Roles in code: `caller_has_role(R)`, and the intrinsics in the functions of a role."""

from collections.abc import Sequence

from ccl.abi.text.suggest import nearest
from ccl.checking.calls.arguments import Callee, bind
from ccl.checking.core.environment import Body, Checker, invalid
from ccl.checking.expressions import literals
from ccl.checking.symbols.uses import note_path, note_role
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.ir import typed
from ccl.ir.types import Prim
from ccl.resolver.scopes import FileScope, Role
from ccl.source.spans import Span
from ccl.syntax import ast
from ccl.syntax.paths import path_of


def infer_caller_has_role(body: Body, call: ast.Call) -> typed.Expr:
    """Infers `caller_has_role(R)`, R a role's name or a text that is one."""
    bound = bind(body, call, Callee(name="caller_has_role", parameters=("role",)), call.arguments)
    if bound is None:
        return invalid(call.span)
    if body.in_constant:
        body.sink.report("CCL0423", call.span, what="`caller_has_role`")
        return invalid(call.span)
    found = named_role(body, bound["role"].value)
    return invalid(call.span) if found is None else _held(body, *found, call.span)


def named_role(body: Body, argument: ast.Expr) -> tuple[FileScope, Role] | None:
    """Returns the role that an argument names, and a scope that sees it; None after reporting."""
    path = _role_path(argument)
    written = path_of(argument)
    if path is None:
        body.sink.report("CCL0225", argument.span, name="…", advice="written")
        return None
    scope = scope_at(body, path[:-1])
    role = None if scope is None else scope.roles.get(path[-1])
    if scope is None or role is None:
        _unknown(body, scope, argument, path)
        return None
    if written is not None:
        note_path(body.checker, body.scope, written[:-1])
        note_role(body.checker, written[-1], role)
    return scope, role


def declared_roles(checker: Checker) -> frozenset[str]:
    """Returns the names of all roles of the program, by which the host grants them."""
    return frozenset(name for scope in checker.scoped.files.values() for name in scope.own_roles)


def _held(body: Body, scope: FileScope, role: Role, span: Span) -> typed.Expr:
    identity = body.checker.function_id(scope, role.holder_check)
    body.checker.used_functions.add(identity)
    return typed.CallFunction(function=identity, arguments=(), type=Prim.BOOL, span=span)


def _role_path(expr: ast.Expr) -> tuple[str, ...] | None:
    """Returns the path of `R`, `"R"`, `alias.R`, `alias::R`."""
    match expr:
        case ast.Name(text=text):
            return (text,)
        case ast.StringLiteral():
            written = literals.plain_text(expr)
            return None if written is None else (written,)
        case _:
            path = path_of(expr)
            return None if path is None else tuple(each.text for each in path)


def scope_at(body: Body, path: Sequence[str]) -> FileScope | None:
    """Returns the scope at `alias`, or the body's own; None if there is none."""
    scope, left = body.checker.follow(body.scope, path)
    return None if left else scope


def _unknown(body: Body, scope: FileScope | None, argument: ast.Expr, path: Sequence[str]) -> None:
    known = () if scope is None else scope.roles.keys()
    near = nearest(path[-1], known)
    written = f'"{near}"' if isinstance(argument, ast.StringLiteral) else near
    body.sink.report(
        "CCL0225",
        argument.span,
        name=".".join(path),
        nearest=near,
        fixes=(Fix(f"write `{near}`", (Edit(argument.span, written),)),)
        if written is not None and isinstance(argument, ast.Name | ast.StringLiteral)
        else (),
        advice="declare" if near is None else None,
    )


def infer_granted(body: Body, call: ast.Call) -> typed.Expr:
    """Infers whether the context grants a role, or the caller holds one that extends it."""
    role = _own_role(body, call)
    name = typed.TextConst(value=role.name.text, type=Prim.STRING, span=call.span)
    node: typed.Expr = typed.CallHost(
        call="host_caller_has_role", arguments=(name,), type=Prim.BOOL, span=call.span
    )
    for scope, child in _children(body, role):
        held = _held(body, scope, child, call.span)
        node = typed.ShortCircuit(is_and=False, left=node, right=held, span=call.span)
    return node


def infer_inherited(body: Body, call: ast.Call) -> typed.Expr:
    """Infers whether the requirements of the role that a role extends are met."""
    parent = _parent(body.checker, body.scope, _own_role(body, call))
    if parent is None:
        return typed.ScalarConst(value=1, type=Prim.BOOL, span=call.span)
    scope, role = parent
    identity = body.checker.function_id(scope, role.requirements)
    body.checker.used_functions.add(identity)
    return typed.CallFunction(function=identity, arguments=(), type=Prim.BOOL, span=call.span)


def _own_role(body: Body, call: ast.Call) -> Role:
    """Returns the role that an intrinsic is called for, in one of the role's own functions."""
    (argument,) = call.arguments
    assert isinstance(argument.value, ast.StringLiteral), "ccl.desugar gives the role's name"
    return body.scope.own_roles[literals.plain_text(argument.value) or ""]


def _children(body: Body, role: Role) -> Sequence[tuple[FileScope, Role]]:
    """Returns the roles of the whole program that extend this one."""
    checker = body.checker
    if checker.extending_roles is None:
        checker.extending_roles = {}
        for scope in checker.scoped.files.values():
            for each in scope.own_roles.values():
                if checker.scoped.owner(scope, each.holder_check) is not scope:
                    continue  # a contract that includes this text has replaced the role
                parent = _parent_id(checker, scope, each)
                if parent is not None:
                    checker.extending_roles.setdefault(parent, []).append((scope, each))
    own = checker.function_id(body.scope, role.holder_check)
    return checker.extending_roles.get(own, ())


def _parent(checker: Checker, scope: FileScope, role: Role) -> tuple[FileScope, Role] | None:
    """Returns the role that a role extends, and a scope that sees it; None if there is none."""
    if role.parent is None:
        return None
    *path, name = (each.text for each in role.parent.names)
    scope, left = checker.follow(scope, path)
    return None if left or name not in scope.roles else (scope, scope.roles[name])


def _parent_id(checker: Checker, scope: FileScope, role: Role) -> str | None:
    """Returns the id of the function that checks whether the caller holds what a role extends."""
    parent = _parent(checker, scope, role)
    return None if parent is None else checker.function_id(parent[0], parent[1].holder_check)


def report_parents(checker: Checker) -> None:
    """Reports roles that extend an unknown one, or each other in a circle."""
    by_id = {
        checker.function_id(scope, role.holder_check): (scope, role)
        for scope in checker.scoped.files.values()
        for role in scope.own_roles.values()
    }
    for scope, role in by_id.values():
        if role.parent is None:
            continue
        if _parent(checker, scope, role) is None:
            near = nearest(role.parent.text, scope.roles)
            checker.sink.report("CCL0320", role.parent.span, name=role.parent.text, nearest=near)
            continue
        chain = [role]
        above = by_id.get(_parent_id(checker, scope, role) or "")
        while above is not None and above[1] not in chain:
            chain.append(above[1])
            above = by_id.get(_parent_id(checker, *above) or "")
        if above is not None and above[1] is role:
            checker.sink.report(
                "CCL0321",
                role.parent.span,
                name=role.name.text,
                labels=tuple(Label(each.name.span, "in this cycle") for each in chain),
            )
