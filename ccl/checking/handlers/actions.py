"""Actions in handlers: `name [label] { key: value; }`.

An action of the language has keys of its own (`ccl.prelude.actions`). Any other is the call of a
function or host call with the entries as named arguments. The label is the first key or parameter.
"""

from collections.abc import Sequence
from typing import assert_never

from ccl.abi.text.suggest import nearest
from ccl.checking.builtins import records
from ccl.checking.core.environment import Body
from ccl.checking.functions import library
from ccl.checking.handlers import action_forms
from ccl.diagnostics.model import Edit, Fix
from ccl.ir import typed
from ccl.prelude import library_index
from ccl.prelude.actions import ACTIONS, ActionForm
from ccl.prelude.functions import FUNCTIONS, SPECIAL_FORMS
from ccl.source.spans import Span
from ccl.syntax import ast

_FIRST_OF_FORMS = {"submit_job": "wasm_cid", "host_submit_job": "wasm_cid", "log_event": "name"}


def check_action(body: Body, action: ast.Action) -> tuple[typed.Statement, ...]:
    """Checks an action; returns its statements, none after reporting."""
    name = action.name.text
    own = name in body.scope.functions or name in body.functions
    if name in ACTIONS and not own:
        return _of_the_language(body, ACTIONS[name], action)
    if name in body.scope.functions:
        body.checker.used_functions.add(body.checker.function_id(body.scope, name))
    if own or name in FUNCTIONS or name in SPECIAL_FORMS or name in library_index.FUNCTIONS:
        return _call(body, action)
    _unknown(body, action)
    return ()


def _of_the_language(
    body: Body, form: ActionForm, action: ast.Action
) -> tuple[typed.Statement, ...]:
    first = next(iter(form.keys))
    label = None if action.label is None else labelled(body, action.label, first)
    if form.is_open and label is not None:
        entries = ast.InlineObject(entries=action.entries, span=action.span)
        return action_forms.update_policy(body, action, label, records.with_words(body, entries))
    given = named_entries(body, action) if not form.is_open else ()
    if given is None:
        return ()
    return action_forms.perform(body, form, action, given if label is None else (label, *given))


def _call(body: Body, action: ast.Action) -> tuple[typed.Statement, ...]:
    arguments = named_entries(body, action)
    if arguments is None:
        return ()
    given = list(arguments)
    if action.label is not None:
        first = _first_parameter(body, action.name.text, given)
        given.insert(0, labelled(body, action.label, first if given else None))
    call = ast.Call(
        callee=ast.Name(text=action.name.text, span=action.name.span),
        type_arguments=(),
        arguments=tuple(given),
        span=action.span,
    )
    return (body.discard(call),)


def named_entries(body: Body, action: ast.Action) -> tuple[ast.Argument, ...] | None:
    """Returns the entries as named arguments; None after reporting."""
    given: list[ast.Argument] = []
    fine = True
    seen: dict[str, Span] = {}
    for entry in action.entries:
        key = records.key_of(body, entry, seen, "an action")
        if key is None:
            fine = False
            continue
        name = ast.Ident(text=key.text, span=key.span)
        given.append(ast.Argument(name=name, value=_value(body, entry), span=entry.span))
    return tuple(given) if fine else None


def _value(body: Body, entry: ast.AnyEntry) -> ast.Expr:
    """Returns the argument that an entry of an action gives."""
    match entry:
        case ast.Section():
            return records.with_words(body, records.as_object(entry))
        case ast.Entry():
            return records.with_words(body, entry.value)
        case ast.CallEntry() | ast.IfRule() | ast.RangeRule():
            raise AssertionError("only the others have a key")
        case _:
            assert_never(entry)


def labelled(body: Body, label: ast.Expr, name: str | None) -> ast.Argument:
    """Returns the label as an argument."""
    ident = None if name is None else ast.Ident(text=name, span=label.span)
    return ast.Argument(name=ident, value=records.with_words(body, label), span=label.span)


def _first_parameter(body: Body, name: str, given: Sequence[ast.Argument]) -> str:
    """Returns the parameter that a label is for."""
    if name in body.scope.functions:
        parameters = body.scope.functions[name].parameters
        return parameters[0].name.text if parameters else ""
    target = library.function_called(body.checker, name, given)
    if target is not None:
        scope, called = target
        parameters = scope.functions[called].parameters
        return parameters[0].name.text if parameters else ""
    if name in FUNCTIONS:
        return next((parameter for parameter, _ in FUNCTIONS[name].parameters), "")
    return _FIRST_OF_FORMS.get(name, "")


_ITEM_WORDS = frozenset({"execution", "invariant", "on"})


def _unknown(body: Body, action: ast.Action) -> None:
    name = action.name
    if name.text in _ITEM_WORDS:
        body.sink.report("CCL0332", name.span, name=name.text, advice="item")
        return
    known = (*ACTIONS, *body.scope.function_names, *FUNCTIONS, *SPECIAL_FORMS, "log")
    near = nearest(name.text, known)
    keys = (each.key.text for each in action.entries if isinstance(each, ast.Entry | ast.Section))
    fixes: tuple[Fix, ...] = ()
    if near is not None:
        fixes = (Fix(f"write `{near}`", (Edit(name.span, near),)),)
    body.sink.report(
        "CCL0332",
        name.span,
        name=name.text,
        nearest=near,
        parameters=", ".join(dict.fromkeys(keys)),
        advice=None if near is not None else "declare",
        fixes=fixes,
    )
