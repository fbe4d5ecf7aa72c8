"""Proposals in code: the functions under a proposal's name, and the terms that one opens with."""

from collections.abc import Sequence

from ccl import ast, typed
from ccl.abi.suggest import either, nearest
from ccl.checking import expressions
from ccl.checking.constants.folding import fold
from ccl.checking.conversions import fit
from ccl.checking.environment import Body, invalid, is_invalid
from ccl.checking.forms.literals import plain_text
from ccl.checking.functions import calls
from ccl.checking.inference import prune
from ccl.checking.standing.roles import scope_at
from ccl.diagnostics import Edit, Fix, Label
from ccl.prelude_library import PROPOSALS_FILE
from ccl.resolved import SHARE_EXPECTED
from ccl.types import Array, Map, Prim

MEMBERS = ("open", "vote", "close", "get", "prune")
_WEIGHTS = Map(Prim.DID, Prim.INTEGER)
_DECIMAL_ONE = 1_000_000


def infer_proposal_call(body: Body, call: ast.Call, path: Sequence[ast.Ident]) -> typed.Expr | None:
    """`P.open(…)` or `Contract.P.open(…)`; None if the path does not begin with a proposal."""
    scope = scope_at(body, [each.text for each in path[:-2]])
    if scope is None or len(path) < 2:
        return None
    member = path[-1]
    function = scope.proposal_function(path[-2].text, member.text)
    if function is None:
        return None
    if member.text in MEMBERS:
        return calls.call_function(body, call, scope, function, call.arguments, None)
    near = nearest(member.text, MEMBERS)
    declared = scope.functions[f"{path[-2].text}_open"].name.span
    body.sink.report(
        "CCL0207",
        member.span,
        name=member.text,
        file=f"the proposal {path[-2].text}",
        labels=(Label(declared, "declared here"),),
        similar=either((near,) if near else ()),
        fixes=(Fix(f"write `{near}`", (Edit(member.span, near),)),) if near else (),
    )
    return invalid(call.span)


def infer_electorate(body: Body, call: ast.Call) -> typed.Expr:
    """Who may vote, with weights: of an `Array<Did>` each has one vote."""
    (argument,) = call.arguments
    node = expressions.infer(body, argument.value, Array(Prim.DID))
    has_weights = isinstance(prune(node.type), Map)
    node = fit(body, node, _WEIGHTS if has_weights else Array(Prim.DID))
    if is_invalid(node):
        return node
    checker = body.checker
    rules = checker.scoped.files[checker.scoped.library[PROPOSALS_FILE]]
    identity = checker.function_id(rules, "weighted" if has_weights else "equals")
    checker.used_functions.add(identity)
    passed = calls.pass_argument(body, node, 0, checker.signatures[identity])
    return typed.CallFunction(function=identity, arguments=(passed,), type=_WEIGHTS, span=call.span)


def infer_share(body: Body, call: ast.Call) -> typed.Expr:
    """A share that is no literal: a constant must be one, the rest is checked when it opens."""
    key, value = (each.value for each in call.arguments)
    assert isinstance(key, ast.StringLiteral), "ccl.expansion gives the key"
    node = expressions.check(body, value, Prim.DECIMAL)
    known = node if is_invalid(node) else fold(node)
    if isinstance(known, typed.ScalarConst) and not 0 <= known.value <= _DECIMAL_ONE:
        body.sink.report(
            "CCL0305",
            value.span,
            section="proposal",
            key=plain_text(key) or "",
            expected=SHARE_EXPECTED,
        )
        return invalid(call.span)
    return node
