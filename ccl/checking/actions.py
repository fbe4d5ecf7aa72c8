"""Actions in handlers: `name { key: value; }` is the call `name(key: value)`.

What has no function or host call of its name is refused by name.
"""

from ccl import ast, typed
from ccl.builtins import FUNCTIONS, SPECIAL_FORMS
from ccl.checking import expressions, names
from ccl.checking.environment import Body


def check_action(body: Body, action: ast.Action) -> tuple[typed.Statement, ...]:
    """The call that the action stands for; nothing after reporting."""
    name = action.name
    known = name.text in body.scope.functions or name.text in FUNCTIONS
    if not known and name.text not in SPECIAL_FORMS:
        body.sink.report("CCL0690", name.span, what=f"the action `{name.text}`")
        return ()
    if action.label is not None:
        body.sink.report("CCL0690", action.label.span, what="an action with a label")
        return ()
    arguments = [_argument(body, each) for each in action.entries]
    given = tuple(each for each in arguments if each is not None)
    if len(given) != len(arguments):
        return ()
    call = ast.Call(
        callee=ast.Name(text=name.text, span=name.span),
        type_arguments=(),
        arguments=given,
        span=action.span,
    )
    return (expressions.discard(body, call),)


def _argument(body: Body, entry: ast.AnyEntry) -> ast.Argument | None:
    """An entry as a named argument; None after reporting."""
    match entry:
        case ast.Entry():
            value = _word(body, entry.value)
        case _:
            body.sink.report("CCL0690", entry.span, what="a section or a rule in an action")
            return None
    name = ast.Ident(text=entry.key.text, span=entry.key.span)
    return ast.Argument(name=name, value=value, span=entry.span)


def _word(body: Body, value: ast.Expr) -> ast.Expr:
    """A bare word is what has this name, else a symbol."""
    if (
        isinstance(value, ast.Name)
        and body.find(value.text) is None
        and value.text not in names.known_values(body)
    ):
        return ast.StringLiteral(parts=(value.text,), span=value.span)
    return value
