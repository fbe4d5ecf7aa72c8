"""Places: fields, elements, and assignment through them at any depth."""

from ccl.abi.text.suggest import listed, nearest
from ccl.checking.builtins import data_access
from ccl.checking.core.constraints import wait_for
from ccl.checking.core.environment import Body, Mutation, Origin, Variable, invalid, is_invalid
from ccl.checking.core.unification import is_error_type, prune, unify, variable_of, zonk
from ccl.checking.expressions import charter_values, enums, names, operators
from ccl.checking.functions import instances, library
from ccl.checking.handlers import job_events
from ccl.checking.state import variables
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.ir import typed
from ccl.ir.typed import BinaryOp
from ccl.ir.types import Array, Map, Option, Prim, Result, Struct, Type
from ccl.prelude.functions import HANDLER_PARAMETER, HOST_RECORDS
from ccl.source.spans import Span
from ccl.syntax import ast
from ccl.syntax.paths import path_of, words_of


def infer_field(body: Body, expr: ast.Field, expected: Type | None) -> typed.Expr:
    """`a.b`: a member of an import, a charter value, a variant, a struct's or Data's field."""
    static = _static_member(body, expr, expected)
    if static is not None:
        return static
    base = body.infer(expr.base)
    return field_of(body, base, expr.name, expr.span)


def _static_member(body: Body, expr: ast.Field, expected: Type | None) -> typed.Expr | None:
    path = path_of(expr)
    if path is None or body.find(path[0].text) is not None:
        return None
    first, scope = path[0].text, body.scope
    if enums.names_own_variant(body, path):
        return enums.infer_variant(body, path, None, expr.span, expected)
    if first in scope.consts or first in scope.functions or first in scope.states:
        return None
    if first in scope.imports and len(path) > 2 and enums.names_variant(body, path):
        return enums.infer_variant(body, path, None, expr.span, expected)
    if names.leads_to_member(body, path):
        target = names.member_of_import(body, path)
        if target is None:
            return invalid(expr.span)
        return names.infer_member(body, target, path[-1], expr.span)
    if first == HANDLER_PARAMETER or first in HOST_RECORDS:
        return None
    if first == "ResourceType" and len(path) == 2:
        return names.resource_type(body, path[1], expr.span)
    if (first == "charter" or names.is_root_section(body, first)) and words_of(expr):
        return charter_values.read(body, path, expr.span)
    if enums.names_variant(body, path):
        return enums.infer_variant(body, path, None, expr.span, expected)
    if len(path) == 2 and not body.in_condition and first not in names.known_values(body):
        having = [
            name
            for name, each in scope.enums.items()
            if any(variant.name.text == path[1].text for variant in each.variants)
        ]
        if nearest(first, having) is not None:
            return names.unknown_name(body, path[0].span, first, having)
    return None


def field_of(body: Body, base: typed.Expr, name: ast.Ident, span: Span) -> typed.Expr:
    kind = prune(base.type)
    if is_invalid(base):
        return base
    if kind is Prim.DATA:
        job_events.check_field(body, base, name)
        return typed.DataGet(base=base, name=name.text, span=span)
    if isinstance(kind, Struct):
        index = field_index(body, kind, name)
        if index is None:
            return invalid(span)
        field_type = zonk(instances.struct_of(body.checker, kind).fields[index][1])
        return typed.FieldGet(base=base, index=index, type=field_type, span=span)
    if variable_of(kind) is not None:
        return _field_later(body, base, name, span)
    advice = _advice(kind, name.text)
    body.sink.report("CCL0411", name.span, name=name.text, found=str(kind), advice=advice)
    return invalid(span)


def _advice(kind: Type, name: str) -> str | None:
    """Which help for a field of a type that has none."""
    if library.has_method(kind, name):
        return "call"
    return "unwrap" if isinstance(kind, Option | Result) else None


def field_index(body: Body, kind: Struct, name: ast.Ident) -> int | None:
    info = instances.struct_of(body.checker, kind)
    known = [field for field, _ in info.fields]
    if name.text in known:
        return known.index(name.text)
    near = nearest(name.text, known)
    body.sink.report(
        "CCL0210",
        name.span,
        name=name.text,
        struct=kind.name,
        known=None if near else listed(known),
        advice=None if near else "fields",
        labels=body.checker.declared_here(info.item.name, kind.name),
        fixes=(Fix(f"write `{near}`", (Edit(name.span, near),)),) if near else (),
        nearest=near,
    )
    return None


def _field_later(body: Body, base: typed.Expr, name: ast.Ident, span: Span) -> typed.Expr:
    node = body.not_known_yet(span)
    if body.final:
        body.sink.report("CCL0409", span, what="this value")
        return node

    def attempt(_by_default: bool) -> bool:
        if variable_of(prune(base.type)) is not None:
            return False
        unify(node.type, field_of(body, base, name, span).type)
        return True

    wait_for(body, [base.type], attempt)
    return node


def infer_index(body: Body, expr: ast.Index) -> typed.Expr:
    base = body.infer(expr.base)
    kind = prune(base.type)
    if is_invalid(base):
        body.infer(expr.index)
        return base
    if kind is Prim.DATA:
        return data_access.infer_element(body, base, expr)
    if variable_of(kind) is not None and not body.final:
        return _index_later(body, base, expr)
    index_type, element = _indexed(body, kind, expr)
    if index_type is None or element is None:
        body.infer(expr.index)
        return invalid(expr.span)
    index = body.check(expr.index, index_type)
    return typed.IndexGet(base=base, index=index, type=zonk(element), span=expr.span)


def _index_later(body: Body, base: typed.Expr, expr: ast.Index) -> typed.Expr:
    """An element of what may be an array, a map or Data."""
    index = body.infer(expr.index)
    node = body.not_known_yet(expr.span)

    def attempt(_by_default: bool) -> bool:
        kind = prune(base.type)
        if variable_of(kind) is not None:
            return False
        if kind is Prim.DATA:
            unify(node.type, kind)
            return True
        index_type, element = _indexed(body, kind, expr)
        if index_type is not None and element is not None:
            unify(index.type, index_type)
            unify(node.type, element)
        return True

    wait_for(body, [base.type], attempt)
    return node


def _indexed(body: Body, kind: Type, expr: ast.Index) -> tuple[Type | None, Type | None]:
    """Types of the index and the element; None, None after reporting."""
    match kind:
        case Array(element):
            return Prim.INTEGER, element
        case Map(key, value):
            return key, value
        case _ if variable_of(kind) is not None:
            body.sink.report("CCL0409", expr.base.span, what="this value")
        case Prim.STRING:
            body.sink.report("CCL0416", expr.span)
        case _ if not is_error_type(kind):
            body.sink.report("CCL0410", expr.base.span, found=str(kind))
        case _:
            pass
    return None, None


def assign(body: Body, statement: ast.Assign) -> tuple[typed.Statement, ...]:
    """`target op value`."""
    root = _root(statement.target)
    if root is None:
        body.sink.report("CCL0427", statement.target.span, what="this expression")
        return _only_value(body, statement)
    op = None if statement.operator == "=" else BinaryOp(statement.operator[:-1])
    if variables.is_named(body, statement.target):
        return variables.assign(body, statement, op)
    variable = body.find(root.text)
    if variable is None:
        return _no_such_variable(body, statement, root)
    if isinstance(statement.target, ast.Name):
        return (_rebind(body, statement, variable, op),)
    return _store(body, statement, variable, root, op)


def _root(target: ast.Expr) -> ast.Name | None:
    while isinstance(target, ast.Field | ast.Index):
        target = target.base
    if isinstance(target, ast.PathName):
        first = target.segments[0]
        return ast.Name(text=first.text, span=first.span)
    return target if isinstance(target, ast.Name) else None


def _only_value(body: Body, statement: ast.Assign) -> tuple[typed.Statement, ...]:
    return (typed.Evaluate(value=body.infer(statement.value), span=statement.span),)


def _no_such_variable(
    body: Body, statement: ast.Assign, root: ast.Name
) -> tuple[typed.Statement, ...]:
    scope = body.scope
    if root.text in scope.consts:
        body.sink.report(
            "CCL0427",
            root.span,
            what=f"the constant `{root.text}`",
            labels=(Label(scope.consts[root.text].name.span, "declared here"),),
        )
    elif root.text == HANDLER_PARAMETER:
        body.sink.report("CCL0216", root.span)
    elif root.text in HOST_RECORDS or names.is_root_section(body, root.text):
        body.sink.report("CCL0427", root.span, what=f"`{root.text}`")
    elif root.text not in body.unknown_names:
        body.unknown_names.add(root.text)
        near = nearest(root.text, body.visible_names)
        start = Span(root.span.file, root.span.start, root.span.start)
        new = isinstance(statement.target, ast.Name) and statement.operator == "="
        body.sink.report(
            "CCL0201",
            root.span,
            name=root.text,
            fixes=(Fix("declare it", (Edit(start, "let "),)),) if new else (),
            nearest=near,
        )
    return _only_value(body, statement)


def _rebind(
    body: Body, statement: ast.Assign, variable: Variable, op: BinaryOp | None
) -> typed.Statement:
    span = statement.span
    refuse_outer(body, variable, statement.target.span)
    declared = Label(variable.local.span, f"`{variable.local.name}` is {zonk(variable.type)}")
    if op is None:
        variable.mentions.append(statement.target.span)
        value = body.check(statement.value, variable.type, labels=(declared,))
        return typed.SetLocal(local=variable.local, value=value, span=span)
    variable.mentions.append(statement.target.span)
    here = typed.LocalGet(
        local=variable.local, type=zonk(variable.type), span=statement.target.span
    )
    value = operators.assigned(body, statement, op, here)
    return typed.SetLocal(local=variable.local, value=value, span=span)


def refuse_outer(body: Body, variable: Variable, span: Span) -> bool:
    """An inline function has the variables around it as parameters: setting one is not seen."""
    if variable.local.name not in body.outer or variable.origin is not Origin.PARAMETER:
        return False
    body.sink.report("CCL0446", span, name=variable.local.name)
    return True


def _store(
    body: Body, statement: ast.Assign, variable: Variable, root: ast.Name, op: BinaryOp | None
) -> tuple[typed.Statement, ...]:
    place = body.infer(statement.target)
    _forget_read(variable, root.span)
    if is_invalid(place):
        return _only_value(body, statement)
    if _steps(place) is not None:
        note_mutation(body, variable, statement.target.span)
    return store(body, statement, variable.local, place, op)


def store(
    body: Body,
    statement: ast.Assign,
    root: typed.Local | typed.StateGet,
    place: typed.Expr,
    op: BinaryOp | None,
) -> tuple[typed.Statement, ...]:
    """An assignment to a place in what `root` holds."""
    steps = _steps(place)
    if steps is None:
        body.sink.report("CCL0427", statement.target.span, what="a field of host data")
        return _only_value(body, statement)
    if op is None:
        value = body.check(statement.value, place.type)
    else:
        value = operators.assigned_operand(body, statement, op, place)
    return (typed.Store(root=root, steps=steps, op=op, value=value, span=statement.target.span),)


def _forget_read(variable: Variable, span: Span) -> None:
    """The root of a written path is not read."""
    if span.start in variable.reads:
        variable.reads.remove(span.start)


def _steps(place: typed.Expr) -> tuple[typed.Step, ...] | None:
    """The path from the root variable to `place`; None where it leads through Data."""
    match place:
        case typed.LocalGet() | typed.StateGet():
            return ()
        case typed.FieldGet():
            before = _steps(place.base)
            step: typed.Step = typed.FieldStep(index=place.index, of=zonk(place.base.type))
        case typed.IndexGet():
            before = _steps(place.base)
            step = typed.IndexStep(index=place.index, of=zonk(place.base.type), span=place.span)
        case _:
            return () if variable_of(prune(place.type)) is not None else None
    return None if before is None else (*before, step)


def note_mutation(body: Body, variable: Variable, span: Span) -> None:
    """Record that the object in `variable` is changed through a path."""
    outer = body.loops[len(variable.loops)] if len(body.loops) > len(variable.loops) else None
    variable.mutations.append(Mutation(span=span, loop=outer))
    if variable.origin is Origin.PARAMETER:
        body.facts.direct.add(variable.local.index)
    elif variable.origin is Origin.LOOP:
        body.sink.report(
            "CCL0428",
            span,
            name=variable.local.name,
            labels=(Label(variable.local.span, "a copy of each element in turn"),),
        )


def change(body: Body, node: typed.Expr) -> None:
    """An argument that the callee changes: a place in a variable, or a fresh value."""
    root = node
    while isinstance(root, typed.FieldGet | typed.IndexGet):
        root = root.base
    if isinstance(root, typed.LocalGet):
        note_mutation(body, body.variables[root.local.index], node.span)
    elif isinstance(root, typed.StateGet):
        variables.refuse_foreign(body, root)
    elif root.span in body.constant_uses:
        body.sink.report("CCL0427", root.span, what="a constant")


def root_variable(body: Body, node: typed.Expr) -> Variable | None:
    """The variable that a place starts at; None for a fresh value."""
    while isinstance(node, typed.FieldGet | typed.IndexGet):
        node = node.base
    if isinstance(node, typed.LocalGet):
        return body.variables[node.local.index]
    return None


def is_place(node: typed.Expr) -> bool:
    return isinstance(node, typed.LocalGet | typed.StateGet | typed.FieldGet | typed.IndexGet)
