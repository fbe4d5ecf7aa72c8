"""The charter: declarations as a tree of constant values, and their use from code.

An entry is part of the charter where its guard holds. Code reads what holds always.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TypeAlias

from ccl import ast, typed
from ccl.abi.suggest import nearest
from ccl.checking.constants import constants
from ccl.checking.environment import Body, invalid
from ccl.checking.inference import prune
from ccl.diagnostics import Label
from ccl.node import Node, Record, field
from ccl.resolved import FileScope
from ccl.source import FileId, Span
from ccl.typed import ALWAYS, Guard, NumberUnit
from ccl.types import Prim

CONTRACT = "contract"


class Condition(Node, frozen=True, kw_only=True):
    """The head of an `if` rule. `when`: the rules around it."""

    expr: ast.Expr
    when: Guard
    scope: FileScope
    """Its place: the file, or a contract of it."""


class Property(Node, frozen=True, kw_only=True):
    """A key with its value for the charter, and as a constant for code where it has a type."""

    node: typed.CharterProperty
    constant: typed.Expr | None
    override: bool = False
    inherited: int = 0
    """Through how many `extends` it came."""


class Tree(Node, frozen=True, kw_only=True, dict=True):
    """A section, an inline object or the whole document."""

    key: str
    label: typed.CharterValue | None
    span: Span
    entries: tuple["Property | Tree | typed.CharterDecision", ...]
    when: tuple[Guard, ...] = (ALWAYS,)
    extends: ast.Ident | None = None
    inherited: int = 0

    def named(self, key: str) -> "list[Setting]":
        return self._by_key.get(key, [])

    @cached_property
    def _by_key(self) -> "dict[str, list[Setting]]":
        """Made once: code may read thousands of keys of a charter that has thousands."""
        found: dict[str, list[Setting]] = {}
        for each in self.settings:
            found.setdefault(key_of(each), []).append(each)
        return found

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._by_key)

    @property
    def settings(self) -> "tuple[Setting, ...]":
        """The entries without the places of conditions."""
        return tuple(each for each in self.entries if not isinstance(each, typed.CharterDecision))


Setting: TypeAlias = Property | Tree
Entry: TypeAlias = Property | Tree | typed.CharterDecision


def key_of(entry: Setting) -> str:
    return entry.key if isinstance(entry, Tree) else entry.node.key


def span_of(entry: Setting) -> Span:
    return entry.span if isinstance(entry, Tree) else entry.node.key_span


def guards_of(entry: Setting) -> tuple[Guard, ...]:
    return entry.when if isinstance(entry, Tree) else (entry.node.when,)


def is_conditional(entry: Setting) -> bool:
    """Whether it is sometimes no part of the charter."""
    if isinstance(entry, Property) and entry.node.unless:
        return True
    return ALWAYS not in guards_of(entry)


class Charter(Record):
    """The root file's declarations."""

    root: Tree
    articles: dict[str, Span] = field(default_factory=dict)
    imported: Mapping[FileId, Mapping[str, Span]] = field(default_factory=dict)
    """The articles that imported files have for themselves: they are cited there, and are no part
    of this charter."""
    citations: dict[Span, str] = field(default_factory=dict)
    """The number of the article that is cited, by place."""
    conditions: tuple[Condition, ...] = ()
    rivals: list[tuple[Property, Property]] = field(default_factory=list)
    """Settings of one key that exclude each other if results of functions are whole."""
    checked_conditions: tuple[typed.CharterCondition, ...] = ()
    """The same, as of the last round."""
    defaults: dict[str, typed.Expr] = field(default_factory=dict)
    conditional: dict[str, list[tuple[str, Span]]] = field(default_factory=dict)
    """What would supply a job if it held always: path and place, by argument of `submit_job`."""

    @property
    def keys(self) -> tuple[str, ...]:
        return self.root.keys

    def nodes(self) -> tuple[typed.CharterNode, ...]:
        return tuple(node_of(each) for each in self.root.entries)

    def cited_articles(self) -> tuple[typed.Article, ...]:
        """The articles in their order, with where they are cited."""
        cited: dict[str, list[Span]] = {}
        for place in sorted(self.citations, key=lambda span: (span.file, span.start)):
            cited.setdefault(self.citations[place], []).append(place)
        return tuple(
            typed.Article(number=number, span=span, cited=tuple(cited.get(number, ())))
            for number, span in self.articles.items()
        )

    def job_defaults(self, resource_type: str | None) -> dict[str, typed.Expr]:
        """Arguments of `submit_job` that the charter gives, by name."""
        found = dict(self.defaults)
        resources = self.root.named("resources")
        if resource_type is None and isinstance(
            kind := found.get("resource_type"), typed.TextConst
        ):
            resource_type = kind.value
        if resource_type is not None and resources and isinstance(resources[0], Tree):
            amounts = resources[0].named(resource_type)
            if len(amounts) == 1 and isinstance(amounts[0], Property):
                constant, value = amounts[0].constant, amounts[0].node.value
                plain = isinstance(value, typed.CharterNumber) and value.unit is NumberUnit.PLAIN
                if is_conditional(amounts[0]) or is_conditional(resources[0]):
                    return found
                if plain and constant is not None and prune(constant.type) is Prim.INTEGER:
                    found.setdefault("resource_amount", constant)
        return found

    def cite(self, body: Body, article: str, span: Span) -> None:
        self.citations[span] = article
        imported = self.imported.get(span.file, {})
        if article not in self.articles and article not in imported:
            near = nearest(article, {**self.articles, **imported})
            body.sink.report("CCL0312", span, number=article, nearest=near)

    def read(
        self,
        body: Body,
        start: Tree,
        written: tuple[ast.Ident, ...],
        path: tuple[ast.Ident, ...],
        span: Span,
    ) -> typed.Expr:
        """`resources.compute` in code: the constant at a path from `start`, `written` so."""
        here: Setting = start
        skipped = len(written) - len(path)
        for i, step in enumerate(path, start=skipped):
            if not isinstance(here, Tree):
                return self._absent(body, written[: i + 1], step, ())
            found = here.named(step.text)
            if not found:
                return self._absent(body, written[: i + 1], step, here.keys)
            conditional = [each for each in found if is_conditional(each)]
            if conditional:
                return self._conditional(body, written[: i + 1], step, conditional)
            if len(found) > 1:
                body.sink.report(
                    "CCL0313",
                    step.span,
                    name=step.text,
                    labels=tuple(Label(span_of(each), "one of them") for each in found),
                )
                return invalid(span)
            here = found[0]
        if isinstance(here, Property):
            if here.constant is not None:
                body.constant_uses.add(span)
                return constants.at(here.constant, span)
            body.sink.report(
                "CCL0314",
                span,
                what="a value without a type of its own",
                labels=(Label(here.node.span, "written here"),),
            )
            return invalid(span)
        body.sink.report(
            "CCL0314", span, what="a section", labels=(Label(here.span, "it begins here"),)
        )
        return invalid(span)

    def _conditional(
        self, body: Body, path: tuple[ast.Ident, ...], step: ast.Ident, found: list[Setting]
    ) -> typed.Expr:
        """A value that depends on a condition has no place among constants."""
        numbers = sorted(
            {test.condition for each in found for guard in _causes(each) for test in guard}
        )
        body.sink.report(
            "CCL0315",
            step.span,
            path=".".join(each.text for each in path),
            labels=tuple(
                Label(self.conditions[number].expr.span, "it depends on this") for number in numbers
            ),
        )
        return invalid(step.span)

    def _absent(
        self, body: Body, path: tuple[ast.Ident, ...], step: ast.Ident, known: tuple[str, ...]
    ) -> typed.Expr:
        near = nearest(step.text, known)
        body.sink.report(
            "CCL0308",
            step.span,
            path=".".join(each.text for each in path),
            nearest=near,
        )
        return invalid(step.span)


def _causes(entry: Setting) -> tuple[Guard, ...]:
    unless = entry.node.unless if isinstance(entry, Property) else ()
    return (*guards_of(entry), *unless)


def node_of(entry: Entry) -> typed.CharterNode:
    match entry:
        case Property():
            return entry.node
        case Tree():
            return typed.CharterSection(
                key=entry.key,
                key_span=entry.span,
                value=entry.label,
                entries=tuple(node_of(each) for each in entry.entries),
                span=entry.span,
                when=entry.when,
            )
        case typed.CharterDecision():
            return entry
