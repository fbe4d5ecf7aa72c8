"""Items of a proposal: its state, and `open`, `vote`, `close`, `get` and `prune`.

`proposal P { … }` keeps its proposals in a state variable of the file or contract around. The
functions are `P_open` and so on, also called `P.open`; they call `std/proposals`, which the
compiler imports under its path, a name no program can spell. Terms are evaluated by `open` alone,
in the scope of the author's names.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from ccl.desugar import ast_builders
from ccl.desugar.intrinsics import SHARE_EXPECTED, Intrinsic
from ccl.desugar.keys import refuse
from ccl.diagnostics.model import Sink
from ccl.prelude.library_index import PROPOSALS_FILE
from ccl.resolver.scopes import Proposal
from ccl.source.spans import Span
from ccl.support.node import Node, fields, replace
from ccl.syntax import ast

_OUTCOME = "the outcome"
_CLOSED = "the proposal"
"""Variables of `close`, whose names no declaration of the program can have."""
_PERIOD = "a duration above 0, such as 7d"
_THRESHOLD = "majority, supermajority(2/3) or consensus"


@dataclass(slots=True)
class Parts:
    """The entries of one proposal by key."""

    values: dict[str, ast.Expr] = field(default_factory=dict)
    parameters: list[tuple[ast.Ident, ast.TypeExpr]] = field(default_factory=list)
    execution: ast.Execution | None = None
    shown: list[ast.Item] = field(default_factory=list)
    """The entries that the charter keeps."""


def items_of(
    proposal: Proposal, parts: Parts, section: ast.Section, sink: Sink
) -> tuple[ast.Item, ...]:
    """Returns the struct of the parameters, the state, and the functions."""
    return _Making(proposal, parts, section, sink).items()


class _Making:
    def __init__(self, proposal: Proposal, parts: Parts, section: ast.Section, sink: Sink) -> None:
        self._proposal = proposal
        self._name = proposal.name.text
        self._at = proposal.name.span
        self._parts = parts
        self._override = section.override
        self._sink = sink

    def items(self) -> tuple[ast.Item, ...]:
        at = self._at
        kept = ast_builders.named_type(
            [PROPOSALS_FILE, "Proposals"],
            [ast_builders.named_type([self._proposal.parameters], (), at)],
            at,
        )
        return (
            ast.Struct(
                name=ast_builders.ident(self._proposal.parameters, at),
                type_parameters=(),
                fields=tuple(
                    ast.StructField(name=each, type=kind, span=each.span)
                    for each, kind in self._parts.parameters
                ),
                doc=None,
                span=at,
                override=self._override,
            ),
            ast.State(
                name=ast_builders.ident(self._proposal.state, at),
                type=kept,
                value=replace(
                    self._rule("none"),
                    type_arguments=(ast_builders.named_type([self._proposal.parameters], (), at),),
                ),
                doc=None,
                span=at,
                override=self._override,
            ),
            self._open(),
            self._vote(),
            self._execution(),
            self._close(),
            self._get(),
            self._prune(),
        )

    def _rule(self, called: str, *arguments: ast.Expr) -> ast.Call:
        """Builds a call of `std/proposals`."""
        at = self._at
        callee = ast_builders.member(ast_builders.name(PROPOSALS_FILE, at), called, at)
        return ast_builders.call(callee, arguments, at)

    def _proposals(self) -> ast.Expr:
        return ast_builders.name(self._proposal.state, self._at)

    def _id(self) -> ast.Parameter:
        return ast_builders.parameter(
            "id", ast_builders.prelude_type("Integer", self._at), self._at
        )

    def _value(self, text: str) -> ast.Expr:
        return ast_builders.name(text, self._at)

    def _function(
        self,
        member: str,
        parameters: tuple[ast.Parameter, ...],
        result: ast.TypeExpr | None,
        body: ast.Block,
        doc: str,
    ) -> ast.Function:
        return ast_builders.function(
            self._proposal.function(member),
            parameters,
            result,
            body,
            doc=doc,
            at=self._at,
            override=self._override,
        )

    def _open(self) -> ast.Function:
        at, values = self._at, self._parts.values
        record = ast.StructExpr(
            path=(ast_builders.ident(self._proposal.parameters, at),),
            fields=tuple(
                ast.FieldValue(
                    name=each, value=ast_builders.name(each.text, each.span), span=each.span
                )
                for each, _ in self._parts.parameters
            ),
            span=at,
        )
        period = values["voting_period"]
        lasts = isinstance(period, ast.DurationLiteral) and (period.seconds or period.span == at)
        is_negative = isinstance(period, ast.Unary) and isinstance(period.operand, ast.AnyLiteral)
        if is_negative or (isinstance(period, ast.AnyLiteral) and not lasts):
            refuse(self._sink, _key("voting_period", at), period.span, _PERIOD)
            period = ast.DurationLiteral(seconds=0, unit="d", span=period.span)
        electorate = values["electorate"]
        opened = self._rule(
            "open",
            self._proposals(),
            ast_builders.call(
                ast_builders.name(Intrinsic.ELECTORATE.value, electorate.span),
                [electorate],
                electorate.span,
            ),
            period,
            self._share("quorum", values.get("quorum", _half(at))),
            self._threshold(values.get("threshold", ast_builders.name("majority", at))),
            record,
        )
        return self._function(
            "open",
            tuple(
                ast.Parameter(name=each, type=kind, span=each.span)
                for each, kind in self._parts.parameters
            ),
            ast_builders.prelude_type("Integer", at),
            ast_builders.block(at, (), opened),
            f"Opens a {self._name} and gives its number.",
        )

    def _vote(self) -> ast.Function:
        at = self._at
        kind = ast_builders.named_type([PROPOSALS_FILE, "Vote"], (), at)
        voted = self._rule("vote", self._proposals(), self._value("id"), self._value("vote"))
        return self._function(
            "vote",
            (self._id(), ast_builders.parameter("vote", kind, at)),
            None,
            ast_builders.block(at, (ast_builders.statement(voted),), None),
            f"The caller's vote on a {self._name}; it replaces an earlier one.",
        )

    def _execution(self) -> ast.Function:
        """Builds the function that carries out a proposal, with the parameters it uses."""
        at = self._at
        execution = self._parts.execution
        statements = () if execution is None else (ast_builders.statement(execution.body),)
        span = at if execution is None else execution.span
        return ast_builders.function(
            self._proposal.execution,
            [
                ast.Parameter(name=each, type=kind, span=each.span)
                for each, kind in self._used_parameters()
            ],
            None,
            ast_builders.block(span, statements, None),
            doc=f"What a {self._name} does when it passes.",
            at=at,
            override=self._override,
            entry=True,
        )

    def _used_parameters(self) -> list[tuple[ast.Ident, ast.TypeExpr]]:
        used = set() if self._parts.execution is None else set(_names(self._parts.execution.body))
        return [each for each in self._parts.parameters if each[0].text in used]

    def _close(self) -> ast.Function:
        at = self._at
        closing = self._rule("close", self._proposals(), self._value("id"))
        then: list[ast.Statement] = []
        if self._used_parameters():
            got = self._rule("get", self._proposals(), self._value("id"))
            then.append(_let(_CLOSED, got, at))
        parameters = ast_builders.member(self._value(_CLOSED), "parameters", at)
        carried_out = ast_builders.call(
            ast_builders.name(self._proposal.execution, at),
            [ast_builders.member(parameters, each.text, at) for each, _ in self._used_parameters()],
            at,
        )
        then.append(ast_builders.statement(carried_out))
        passing = ast.If(
            condition=self._rule("passed", self._value(_OUTCOME)),
            then=ast_builders.block(at, then, None),
            otherwise=None,
            span=at,
        )
        return self._function(
            "close",
            (self._id(),),
            ast_builders.named_type([PROPOSALS_FILE, "Outcome"], (), at),
            ast_builders.block(
                at,
                (_let(_OUTCOME, closing, at), ast_builders.statement(passing)),
                self._value(_OUTCOME),
            ),
            f"Ends a {self._name} after its time, and carries it out if it has passed.",
        )

    def _get(self) -> ast.Function:
        got = self._rule("get", self._proposals(), self._value("id"))
        return self._function(
            "get",
            (self._id(),),
            None,
            ast_builders.block(self._at, (), got),
            f"The state of a {self._name}.",
        )

    def _prune(self) -> ast.Function:
        at = self._at
        age = ast_builders.parameter("older_than", ast_builders.prelude_type("Duration", at), at)
        pruned = self._rule("prune", self._proposals(), self._value("older_than"))
        return self._function(
            "prune",
            (age,),
            ast_builders.prelude_type("Integer", at),
            ast_builders.block(at, (), pruned),
            f"Forgets each {self._name} that was closed and whose vote ended so long ago.",
        )

    # --- shares

    def _share(self, key: str, value: ast.Expr) -> ast.Expr:
        """Builds a ratio of two whole numbers, or any Decimal; the checker checks what is no
        literal."""
        match value:
            case ast.Binary(
                operator="/", left=ast.IntegerLiteral() as left, right=ast.IntegerLiteral() as right
            ):
                fits = left.value <= right.value and right.value > 0
                share = self._variant("Share", "Ratio", left, right)
            case ast.PercentLiteral(value=number):
                fits, share = number <= 100, self._variant("Share", "Exact", value)
            case ast.DecimalLiteral(value=number) | ast.IntegerLiteral(value=number):
                fits, share = number <= 1, self._variant("Share", "Exact", value)
            case _:
                fits = not isinstance(value, ast.AnyLiteral)
                named = ast_builders.text_of(key, value.span)
                share = ast_builders.call(
                    ast_builders.name(Intrinsic.SHARE.value, value.span), [named, value], value.span
                )
        if fits:
            return share
        refuse(self._sink, _key(key, value.span), value.span, SHARE_EXPECTED)
        return self._variant("Share", "Exact", _half(value.span))

    def _threshold(self, value: ast.Expr) -> ast.Expr:
        match value:
            case ast.Name(text="majority"):
                return self._variant("Threshold", "Majority")
            case ast.Name(text="consensus"):
                return self._variant("Threshold", "Consensus")
            case ast.Call(
                callee=ast.Name(text="supermajority"),
                arguments=(ast.Argument(name=None, value=share),),
            ):
                return self._variant("Threshold", "Supermajority", self._share("threshold", share))
            case _:
                refuse(self._sink, _key("threshold", value.span), value.span, _THRESHOLD)
                return self._variant("Threshold", "Majority")

    def _variant(self, enum: str, variant: str, *payload: ast.Expr) -> ast.Expr:
        at = self._at
        base = ast_builders.member(ast_builders.name(PROPOSALS_FILE, at), enum, at)
        path = ast_builders.member(base, variant, at)
        return ast_builders.call(path, payload, at) if payload else path


def _half(at: Span) -> ast.Expr:
    return ast.PercentLiteral(value=Decimal(50), span=at)


def _key(text: str, at: Span) -> ast.Key:
    return ast.Key(text=text, quoted=False, span=at)


def _let(text: str, value: ast.Expr, at: Span) -> ast.Let:
    return ast.Let(name=ast_builders.ident(text, at), type=None, value=value, span=at)


def _names(node: object) -> list[str]:
    """Returns every name in a piece of code."""
    if isinstance(node, tuple):
        return [found for each in node for found in _names(each)]
    if isinstance(node, ast.Name):
        return [node.text]
    if isinstance(node, Node) and not isinstance(node, Span):
        return [found for each in fields(node) for found in _names(getattr(node, each))]
    return []
