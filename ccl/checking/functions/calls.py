"""Calls: of the program's functions, imported ones, the prelude's, and methods."""

from collections.abc import Collection, Sequence

from ccl import ast, prelude_library, typed
from ccl.abi.suggest import either, nearest, similar
from ccl.builtins import (
    FUNCTIONS,
    METHODS,
    NUMBER,
    SPECIAL_FORMS,
    TEST_FORMS,
    Placeholder,
    PreludeFunction,
)
from ccl.checking import expressions, names, places
from ccl.checking.advice import habits
from ccl.checking.constraints import wait_for
from ccl.checking.conversions import fit
from ccl.checking.environment import Body, Origin, Signature, invalid, is_invalid
from ccl.checking.forms import enums, forms, numeric, testforms
from ccl.checking.functions import closures, generics, library, solving
from ccl.checking.functions.arguments import Callee, bind
from ccl.checking.inference import fresh, has_poison, is_open, prune, unify, variable_of, zonk
from ccl.checking.standing import proposals, roles
from ccl.diagnostics import Edit, Fix, Label
from ccl.resolved import (
    ELECTORATE,
    GRANTED_ROLE,
    INHERITED_REQUIREMENTS,
    SHARE,
    FileScope,
)
from ccl.source import Span
from ccl.typed import Builtin
from ccl.types import Array, Map, Option, Prim, Result, Type, is_key
from ccl.walk import root_of


def infer_call(body: Body, call: ast.Call, expected: Type | None) -> typed.Expr:
    match call.callee:
        case ast.Name() as name:
            return _named(body, call, name, expected)
        case ast.Field() as member:
            return _member(body, call, member, expected)
        case ast.PathName() as path if enums.names_variant(body, path.segments):
            return enums.infer_variant(body, path.segments, call, call.span, expected)
        case ast.PathName(segments=path) if (
            proposed := proposals.infer_proposal_call(body, call, path)
        ) is not None:
            return proposed
        case ast.PathName(segments=path) if names.leads_to_member(body, path):
            return _imported(body, call, path, expected)
        case other:
            body.sink.report("CCL0209", other.span)
    return _failed(body, call)


def _failed(body: Body, call: ast.Call) -> typed.Expr:
    """Report what is wrong inside the arguments, too."""
    closures.infer_unplaced(body, call.arguments)
    return invalid(call.span)


def _named(body: Body, call: ast.Call, name: ast.Name, expected: Type | None) -> typed.Expr:
    text = name.text
    if text == GRANTED_ROLE:
        return roles.infer_granted(body, call)
    if text == INHERITED_REQUIREMENTS:
        return roles.infer_inherited(body, call)
    if text == ELECTORATE:
        return proposals.infer_electorate(body, call)
    if text == SHARE:
        return proposals.infer_share(body, call)
    if text in body.functions and body.find(text) is None:
        return closures.call_passed(body, call, text, body.functions[text], expected)
    if body.find(text) is not None or text in body.scope.consts or text in body.scope.states:
        body.sink.report("CCL0209", name.span)
        return _failed(body, call)
    if text in body.scope.functions:
        return call_function(body, call, body.scope, text, call.arguments, None, expected)
    target = library.function_called(body.checker, text, call.arguments)
    if target is not None:
        return call_function(body, call, *target, call.arguments, None, expected)
    if text != "token":
        generics.refuse_type_arguments(body, call, text)
    if text in SPECIAL_FORMS:
        return forms.infer_form(body, call, text, expected)
    if text in FUNCTIONS:
        return call_prelude(body, call, FUNCTIONS[text], call.arguments, None, expected)
    if text in TEST_FORMS:
        return testforms.infer_test_form(body, call, text)
    if library.is_method_called(body.checker, text, call.arguments):
        first, *rest = call.arguments
        member = ast.Field(
            base=first.value, name=ast.Ident(text=text, span=name.span), span=name.span
        )
        as_method = ast.Call(
            callee=member,
            type_arguments=call.type_arguments,
            arguments=tuple(rest),
            span=call.span,
        )
        return _method(body, as_method, member, expressions.infer(body, first.value), expected)
    known = (*body.scope.function_names, *FUNCTIONS, *SPECIAL_FORMS, *prelude_library.FUNCTIONS)
    known = (*known, *TEST_FORMS) if testforms.is_test(body) else known
    meant = nearest(text, known) or habits.FOREIGN_NAMES.get(text)
    if body.scope.incomplete:
        return _failed(body, call)
    advice, method = (None, None) if meant else _habit(text)
    near = (meant,) if meant else () if advice else similar(text, known)
    for each in near:
        if each in body.scope.functions:
            body.checker.used_functions.add(body.checker.function_id(body.scope, each))
    body.sink.report(
        "CCL0202",
        name.span,
        name=text,
        fixes=_call_instead(name.span, near),
        similar=either(near),
        advice=advice,
        method=method,
    )
    return _failed(body, call)


def _call_instead(place: Span, near: Sequence[str]) -> tuple[Fix, ...]:
    """The fix where one function may be meant."""
    if len(near) != 1:
        return ()
    return (Fix(f"call `{near[0]}`", (Edit(place, near[0]),)),)


def _habit(name: str) -> tuple[str | None, str | None]:
    """The facts `advice` and `method` for a function that other languages have."""
    if name in habits.COUNTING_NAMES:
        return "count", None
    method = habits.METHOD_NAMES.get(name)
    return None if method is None else "method", method


def _member(body: Body, call: ast.Call, member: ast.Field, expected: Type | None) -> typed.Expr:
    """`alias.f(x)` or a method: `x.f(y)` is `f(x, y)`."""
    base = member.base
    path = places.charter_path(member)
    if path is not None and not _is_value(body, path):
        if enums.names_variant(body, path):
            return enums.infer_variant(body, path, call, call.span, expected)
        proposed = proposals.infer_proposal_call(body, call, path)
        if proposed is not None:
            return proposed
        if names.leads_to_member(body, path):
            return _imported(body, call, path, expected)
    receiver = expressions.infer(body, base)
    return _method(body, call, member, receiver, expected)


def _is_value(body: Body, path: Sequence[ast.Ident]) -> bool:
    """Whether `x.f` begins with a value; a variant of an enum of that name goes before it."""
    first, scope = path[0].text, body.scope
    if body.find(first) is not None:
        return True
    named = first in scope.consts or first in scope.states or first in scope.functions
    return named and not enums.names_own_variant(body, path)


def _imported(
    body: Body, call: ast.Call, path: Sequence[ast.Ident], expected: Type | None
) -> typed.Expr:
    """`alias.f(x)` or `alias::f(x)`, of an imported file or a contract."""
    target, name = names.member_of_import(body, path), path[-1]
    if target is not None and name.text in target.functions:
        return call_function(body, call, target, name.text, call.arguments, None, expected)
    if target is not None:
        body.sink.report("CCL0209", call.callee.span)
    return _failed(body, call)


def _method(
    body: Body,
    call: ast.Call,
    member: ast.Field,
    receiver: typed.Expr,
    expected: Type | None,
) -> typed.Expr:
    name, kind = member.name.text, prune(receiver.type)
    if is_invalid(receiver):
        return _failed(body, call)
    group = library.group_of(kind)
    prelude = METHODS.get((group, name)) if group else None
    if name in body.scope.functions and prelude is None and not _may_be_prelude(kind, name):
        return call_function(body, call, body.scope, name, call.arguments, receiver, expected)
    target = library.method_of(body.checker, kind, name) if prelude is None else None
    if prelude is None and variable_of(kind) is not None:
        owners = {METHODS[key] for key in METHODS if key[1] == name}
        targets = library.methods_named(body.checker, name)
        if len(owners) + len(targets) == 1:
            prelude = next(iter(owners), None)
            target = next(iter(targets), None)
        elif owners or targets:
            return _method_later(body, call, member, receiver, expected)
    if target is None and prelude is None:
        target = library.function_called(body.checker, name, (*_as_first(member), *call.arguments))
    if target is not None:
        return call_function(body, call, *target, call.arguments, receiver, expected)
    if prelude is None and name in FUNCTIONS:
        prelude = name
    if prelude is not None:
        generics.refuse_type_arguments(body, call, name)
        return call_prelude(body, call, FUNCTIONS[prelude], call.arguments, receiver, expected)
    known = [each for owner, each in (*METHODS, *prelude_library.METHODS) if owner == group]
    near = similar(name, (*known, *body.scope.function_names))
    body.sink.report(
        "CCL0412",
        member.name.span,
        name=name,
        type=str(zonk(kind)),
        fixes=_call_instead(member.name.span, near),
        similar=either(near),
    )
    return _failed(body, call)


def _may_be_prelude(kind: Type, name: str) -> bool:
    """Whether a receiver of a type that is not known yet may have a method of the prelude."""
    return variable_of(kind) is not None and any(each == name for _, each in METHODS)


def _method_later(
    body: Body,
    call: ast.Call,
    member: ast.Field,
    receiver: typed.Expr,
    expected: Type | None,
) -> typed.Expr:
    """A method whose receiver is not known yet: several types have one of this name."""
    if body.final:
        body.sink.report("CCL0409", member.base.span, what="this value")
        return _failed(body, call)
    node = body.not_known_yet(call.span)

    def attempt(_by_default: bool) -> bool:
        if variable_of(prune(receiver.type)) is not None:
            return False
        unify(node.type, _method(body, call, member, receiver, expected).type)
        return True

    wait_for(body, [receiver.type], attempt, scoped=True)
    return node


def _as_first(member: ast.Field) -> tuple[ast.Argument]:
    """The receiver counts as an argument."""
    return (ast.Argument(name=None, value=member.base, span=member.base.span),)


def call_function(
    body: Body,
    call: ast.Call,
    owner: FileScope,
    name: str,
    arguments: Sequence[ast.Argument],
    receiver: typed.Expr | None,
    expected: Type | None = None,
) -> typed.Expr:
    """A call of a function of this program, in `owner`."""
    checker = body.checker
    identity = checker.function_id(owner, name)
    if identity in checker.function_parameters:
        return closures.call_higher_order(body, call, owner, name, arguments, receiver)
    if identity in checker.generics:
        checker.used_functions.add(identity)
        signature = generics.open_instance(body, call, checker.generics[identity])
    else:
        signature = checker.signatures[identity]
        generics.refuse_type_arguments(body, call, name)
        solving.require(body, signature)
    if signature.id != body.id:
        checker.used_functions.add(signature.id)
    if signature.item.test:
        body.sink.report(
            "CCL0722",
            call.span,
            name=name,
            labels=(Label(signature.item.name.span, f"`{name}` is declared here"),),
        )
        return _failed(body, call)
    if body.in_constant:
        body.sink.report("CCL0423", call.span, what=f"a call of `{name}`")
        return _failed(body, call)
    parameters = tuple(each.name.text for each in signature.item.parameters)
    declared = signature.item.name.span
    if receiver is not None and not parameters:
        body.sink.report(
            "CCL0436",
            call.span,
            name=name,
            wanted="no arguments",
            given=str(len(arguments) + 1),
            labels=(Label(declared, f"`{name}` is declared here"),),
        )
        return _failed(body, call)
    rest = parameters if receiver is None else parameters[1:]
    bound = bind(body, call, Callee(name=name, parameters=rest, declared=declared), arguments)
    if bound is None:
        for each in arguments:
            expressions.infer(body, each.value)
        return invalid(call.span)
    nodes: dict[str, typed.Expr] = {}
    if receiver is not None:
        labels = _parameter_labels(signature, 0, receiver.span)
        before = prune(signature.parameters[0])
        nodes[parameters[0]] = fit(body, receiver, signature.parameters[0], labels=labels)
        _note_decision(body, signature, 0, receiver.span, before)
    for parameter, argument in bound.items():
        index = parameters.index(parameter)
        before = prune(signature.parameters[index])
        nodes[parameter] = expressions.check(
            body,
            argument.value,
            signature.parameters[index],
            labels=_parameter_labels(signature, index, argument.value.span),
        )
        _note_decision(body, signature, index, argument.value.span, before)
    if identity in checker.generics:
        generics.expect(signature, expected)
        settled = generics.settle(body, call, signature)
        if settled is None:
            return generics.unsettled(
                body, call, signature, lambda found: _called(body, call, found, nodes)
            )
        signature = settled
    return _called(body, call, signature, nodes)


def _called(
    body: Body, call: ast.Call, signature: Signature, nodes: dict[str, typed.Expr]
) -> typed.Expr:
    """The call, its arguments in the order of the parameters."""
    parameters = tuple(each.name.text for each in signature.item.parameters)
    changed = {parameters[index] for index in signature.mutated}
    before, ordered = in_order(body, nodes, parameters, changed)
    passed = tuple(pass_argument(body, node, i, signature) for i, node in enumerate(ordered))
    node = typed.CallFunction(
        function=signature.id, arguments=passed, type=zonk(signature.result), span=call.span
    )
    return after(before, node)


def _parameter_labels(signature: Signature, index: int, argument: Span) -> tuple[Label, ...]:
    """Where the type of a parameter comes from: its declaration, its body or another call."""
    parameter = signature.item.parameters[index]
    name = parameter.name.text
    if parameter.type is not None:
        return (Label(parameter.type.span, f"`{name}` is declared here"),)
    declared = Label(parameter.name.span, f"`{name}` is declared here")
    call = signature.decided_by.get(index)
    if call is None or call == argument:
        return (declared,)
    kind = zonk(signature.parameters[index])
    return (Label(call, f"`{name}` is {kind} because of this call"), declared)


def _note_decision(
    body: Body, signature: Signature, index: int, argument: Span, before: Type
) -> None:
    """Remembers the call that decided the type of a parameter, for conflicts with later ones."""
    if not body.final and variable_of(before) and prune(signature.parameters[index]) is not before:
        signature.decided_by.setdefault(index, argument)


def pass_argument(body: Body, node: typed.Expr, index: int, signature: Signature) -> typed.Argument:
    """An argument, noting whether the callee may change the object through it."""
    variable = places.root_variable(body, node)
    passed_on = variable is not None and variable.origin is Origin.PARAMETER
    if variable is not None and passed_on:
        body.facts.passed.add((variable.local.index, signature.id, index))
    mutated = index in signature.mutated
    if mutated and not passed_on:
        places.change(body, node)
    return typed.Argument(value=node, mutated=mutated)


def in_order(
    body: Body,
    nodes: dict[str, typed.Expr],
    parameters: Sequence[str],
    changed: Collection[str] = (),
) -> tuple[tuple[typed.Statement, ...], list[typed.Expr]]:
    """Arguments in the order of parameters; what must be evaluated before, in order written.

    `changed`: parameters whose argument the callee changes, so that it stays a place.
    """
    if tuple(nodes) == tuple(parameters):
        return (), list(nodes.values())
    before: list[typed.Statement] = []
    moved: dict[str, typed.Expr] = {}
    for name, node in nodes.items():
        stays = name in changed or not isinstance(root_of(node), typed.StateGet)
        if isinstance(node, typed.ScalarConst | typed.TextConst) or (
            places.is_place(node) and stays
        ):
            moved[name] = node
            continue
        if is_invalid(node) or prune(node.type) in (Prim.UNIT, Prim.NEVER):
            moved[name] = node
            continue
        temporary = body.temporary(node.type, node.span)
        before.append(typed.SetLocal(local=temporary, value=node, span=node.span))
        moved[name] = typed.LocalGet(local=temporary, type=zonk(node.type), span=node.span)
    return tuple(before), [moved[name] for name in parameters if name in moved]


def after(before: tuple[typed.Statement, ...], node: typed.Expr) -> typed.Expr:
    """`node` once `before` has been done."""
    if not before:
        return node
    if prune(node.type) is Prim.UNIT:
        last = typed.Evaluate(value=node, span=node.span)
        return typed.Block(statements=(*before, last), value=None, type=Prim.UNIT, span=node.span)
    return typed.Block(statements=before, value=node, type=node.type, span=node.span)


def call_prelude(
    body: Body,
    call: ast.Call,
    row: PreludeFunction,
    arguments: Sequence[ast.Argument],
    receiver: typed.Expr | None,
    expected: Type | None,
) -> typed.Expr:
    """A call of a prelude function; its type parameters are fresh for every call."""
    if body.in_constant and not isinstance(row.operation, Builtin):
        body.sink.report("CCL0423", call.span, what=f"`{row.name}`")
        return _failed(body, call)
    made: dict[str, Type] = {}
    parameters = {name: _instance(kind, made) for name, kind in row.parameters}
    result = _instance(row.result, made)
    if expected is not None and (row.name == "map_new" or not row.parameters):
        unify(result, expected)
    labels = tuple(parameters)
    wanted = labels if receiver is None else labels[1:]
    bound = bind(body, call, Callee(name=row.name, parameters=wanted), arguments)
    if bound is None:
        for each in arguments:
            expressions.infer(body, each.value)
        return invalid(call.span)
    nodes: dict[str, typed.Expr] = {}
    if numeric.is_numeric(row):
        exprs = {name: argument.value for name, argument in bound.items()}
        nodes, kind = numeric.arguments(body, call, row, exprs, receiver, expected)
        if has_poison(kind):
            return invalid(call.span)
        unify(made[str(NUMBER)], kind)
        bound = {}
    elif receiver is not None:
        nodes[labels[0]] = fit(body, receiver, parameters[labels[0]])
    for name, argument in bound.items():
        nodes[name] = expressions.check(body, argument.value, parameters[name])
        if row.choices and name in row.choices:
            nodes[name] = forms.one_of(body, nodes[name], row.choices[name], name)
    changed = {labels[index] for index in row.mutates}
    before, ordered = in_order(body, nodes, labels, changed)
    kind = zonk(result)
    if not _closed(body, call, kind, made):
        return invalid(call.span)
    return after(before, _prelude_node(body, row, ordered, kind, call.span))


def _closed(body: Body, call: ast.Call, kind: Type, made: dict[str, Type]) -> bool:
    if has_poison(kind):
        return False
    if "K" in made:
        key = zonk(made["K"])
        if variable_of(key) is None and not has_poison(key) and not is_key(key):
            body.sink.report("CCL0417", call.span, found=str(key))
            return False
    if body.final and is_open(kind):
        shape = "map" if isinstance(zonk(kind), Map) else None
        body.sink.report("CCL0409", call.span, what="this value", advice=shape)
        return False
    return True


def _prelude_node(
    body: Body, row: PreludeFunction, ordered: list[typed.Expr], kind: Type, span: Span
) -> typed.Expr:
    if not isinstance(row.operation, Builtin):
        return typed.CallHost(call=row.operation, arguments=tuple(ordered), type=kind, span=span)
    for index in row.mutates:
        places.change(body, ordered[index])
    passed = tuple(
        typed.Argument(value=node, mutated=i in row.mutates) for i, node in enumerate(ordered)
    )
    return typed.CallBuiltin(builtin=row.operation, arguments=passed, type=kind, span=span)


def _instance(kind: Type, made: dict[str, Type]) -> Type:
    if isinstance(kind, Placeholder):
        return made.setdefault(kind.name, fresh())
    match kind:
        case Array(element):
            return Array(_instance(element, made))
        case Map(key, value):
            return Map(_instance(key, made), _instance(value, made))
        case Option(value):
            return Option(_instance(value, made))
        case Result(ok, err):
            return Result(_instance(ok, made), _instance(err, made))
        case _:
            return kind
