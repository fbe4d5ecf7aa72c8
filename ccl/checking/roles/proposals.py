"""Proposals in code: the functions under a proposal's name, and the terms of opening one."""

from collections.abc import Sequence

from ccl.abi.text.suggest import either, nearest
from ccl.checking.calls import function_calls
from ccl.checking.calls.passing import pass_argument
from ccl.checking.constants.folding import fold
from ccl.checking.core.conversions import fit
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import prune
from ccl.checking.expressions.literals import plain_text
from ccl.checking.roles.roles import scope_at
from ccl.checking.symbols.uses import note_path, note_proposal
from ccl.desugar.intrinsics import SHARE_EXPECTED
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.ir import typed
from ccl.ir.types import Array, Map, Prim
from ccl.prelude.library_index import PROPOSALS_FILE
from ccl.resolver.scopes import PROPOSAL_MEMBERS
from ccl.source.spans import Span
from ccl.syntax import ast

_WEIGHTS = Map(Prim.DID, Prim.INTEGER)
_DECIMAL_ONE = 1_000_000


def infer_proposal_call(body: Body, call: ast.Call, path: Sequence[ast.Ident]) -> typed.Expr | None:
    """Infers `P.open(…)` or `Contract.P.open(…)`; None if the path does not begin with a
    proposal."""
    scope = scope_at(body, [each.text for each in path[:-2]])
    if scope is None or len(path) < 2:
        return None
    member = path[-1]
    proposal = scope.proposals.get(path[-2].text)
    if proposal is None:
        return None
    if member.text in PROPOSAL_MEMBERS:
        note_path(body.checker, body.scope, path[:-2])
        note_proposal(body.checker, path, proposal)
        function = proposal.function(member.text)
        return function_calls.call_function(body, call, scope, function, call.arguments, None)
    near = nearest(member.text, PROPOSAL_MEMBERS)
    body.sink.report(
        "CCL0207",
        member.span,
        name=member.text,
        file=f"the proposal {proposal.name.text}",
        labels=(Label(proposal.name.span, "declared here"),),
        similar=either((near,) if near else ()),
        fixes=(Fix(f"write `{near}`", (Edit(member.span, near),)),) if near else (),
    )
    return invalid(call.span)


def infer_electorate(body: Body, call: ast.Call) -> typed.Expr:
    """Infers the voters with their weights; of an `Array<Did>` each has one vote."""
    (argument,) = call.arguments
    node = body.infer(argument.value, Array(Prim.DID))
    has_weights = isinstance(prune(node.type), Map)
    node = fit(body, node, _WEIGHTS if has_weights else Array(Prim.DID))
    if is_invalid(node):
        return node
    return _call_rule(body, "weighted" if has_weights else "equals", [node], call.span)


def _call_rule(body: Body, name: str, nodes: Sequence[typed.Expr], span: Span) -> typed.Expr:
    """Builds a call of a function of std/proposals."""
    checker = body.checker
    rules = checker.scoped.files[checker.scoped.library[PROPOSALS_FILE]]
    identity = checker.function_id(rules, name)
    checker.used_functions.add(identity)
    signature = checker.signatures[identity]
    passed = tuple(pass_argument(body, each, at, signature) for at, each in enumerate(nodes))
    return typed.CallFunction(function=identity, arguments=passed, type=signature.result, span=span)


def infer_share(body: Body, call: ast.Call) -> typed.Expr:
    """Infers a share that is no literal; a constant is checked here, the rest on opening.

    A division is the ratio of its sides, exact in any rounding: 2 of 3 are `2.0 / 3.0`.
    """
    key, value = (each.value for each in call.arguments)
    assert isinstance(key, ast.StringLiteral), "ccl.desugar gives the key"
    if isinstance(value, ast.Binary) and value.operator == "/":
        sides = [body.infer(each) for each in (value.left, value.right)]
        is_whole = all(prune(each.type) is not Prim.DECIMAL for each in sides)
        kind = Prim.INTEGER if is_whole else Prim.DECIMAL
        nodes = [fit(body, each, kind) for each in sides]
        function = "ratio" if is_whole else "ratio_of_decimals"
    else:
        nodes, function = [body.check(value, Prim.DECIMAL)], "exact"
    if any(map(is_invalid, nodes)):
        return invalid(call.span)
    if not _may_be_share([fold(each) for each in nodes]):
        body.sink.report(
            "CCL0305",
            value.span,
            section="proposal",
            key=plain_text(key) or "",
            expected=SHARE_EXPECTED,
        )
        return invalid(call.span)
    return _call_rule(body, function, nodes, call.span)


def _may_be_share(known: Sequence[object]) -> bool:
    """Returns whether the values, as far as they are constant, can be a share in millionths."""
    numbers = [each.value for each in known if isinstance(each, typed.ScalarConst)]
    if len(numbers) < len(known):
        return True
    part, whole = numbers if len(numbers) > 1 else (*numbers, _DECIMAL_ONE)
    return 0 <= part <= whole and whole > 0
