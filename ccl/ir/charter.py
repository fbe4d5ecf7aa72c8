"""The charter as data: declarations as a tree of constant values.

An entry is part of the charter where its guard holds. Code reads only entries under no condition.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import NoReturn, TypeAlias, assert_never

from ccl.ir import typed
from ccl.ir.typed import ALWAYS, Guard
from ccl.source.spans import FileId, Span
from ccl.support.node import Node, Record, field
from ccl.syntax import ast

CONTRACT = "contract"


class Condition(Node, frozen=True, kw_only=True):
    """The head of an `if` rule, numbered in its charter. `when`: the rules around it."""

    number: int
    expr: ast.Expr
    when: Guard
    scope: FileId
    """The scope whose names it sees: of the file, or of a contract in it."""

    @property
    def function(self) -> str:
        """Returns the id of the function that decides it."""
        return f"charter.condition.{self.number}"


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
    entries: tuple["Entry", ...]
    when: tuple[Guard, ...] = (ALWAYS,)
    extends: ast.QualifiedName | None = None
    inherited: int = 0

    def named(self, key: str) -> "list[Setting]":
        return self._by_key.get(key, [])

    @cached_property
    def _by_key(self) -> "dict[str, list[Setting]]":
        """Returns the entries by key, built once: code may read thousands of keys of a charter."""
        found: dict[str, list[Setting]] = {}
        for each in self.settings:
            found.setdefault(key_of(each), []).append(each)
        return found

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._by_key)

    @property
    def settings(self) -> "tuple[Setting, ...]":
        """Returns the entries without the places of conditions."""
        return tuple(each for each in self.entries if not isinstance(each, typed.CharterDecision))


Setting: TypeAlias = Property | Tree
Entry: TypeAlias = Setting | typed.CharterDecision


def key_of(entry: Setting) -> str:
    return entry.key if isinstance(entry, Tree) else entry.node.key


def span_of(entry: Setting) -> Span:
    return entry.span if isinstance(entry, Tree) else entry.node.key_span


def guards_of(entry: Setting) -> tuple[Guard, ...]:
    return entry.when if isinstance(entry, Tree) else (entry.node.when,)


def is_conditional(entry: Setting) -> bool:
    """Returns whether it is only under a condition part of the charter."""
    if isinstance(entry, Property) and entry.node.unless:
        return True
    return ALWAYS not in guards_of(entry)


def refuse_code(item: ast.Import | ast.Code) -> NoReturn:
    """Fails: declarations have no code, since desugaring takes it out."""
    raise AssertionError(f"{type(item).__name__} among declarations")


class ConditionalDefault(Node, frozen=True, kw_only=True):
    """A key under a condition, which would supply the argument of a job if it held always."""

    argument: str
    path: str
    span: Span


class JobDefaults(Node, frozen=True, kw_only=True):
    """Arguments of `submit_job` that a charter supplies, by name."""

    arguments: Mapping[str, typed.Expr] = field(default_factory=dict)
    records: Mapping[str, Mapping[str, typed.Expr]] = field(default_factory=dict)
    """Arguments that are records, each with its values by key."""
    amounts: Mapping[str, typed.Expr] = field(default_factory=dict)
    """`resource_amount`, by resource type."""
    conditional: tuple[ConditionalDefault, ...] = ()

    def amount(self, resource_type: str | None) -> typed.Expr | None:
        """Returns the amount of a resource, by its type; without one, of the type that is
        supplied."""
        if "resource_amount" in self.arguments:
            return None
        supplied = self.arguments.get("resource_type")
        if resource_type is None and isinstance(supplied, typed.TextConst):
            resource_type = supplied.value
        return None if resource_type is None else self.amounts.get(resource_type)


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
    job_defaults: JobDefaults = field(default_factory=JobDefaults)

    @property
    def keys(self) -> tuple[str, ...]:
        return self.root.keys

    def nodes(self) -> tuple[typed.CharterNode, ...]:
        return tuple(node_of(each) for each in self.root.entries)

    def cited_articles(self) -> tuple[typed.Article, ...]:
        """Returns the articles in their order, with where they are cited."""
        cited: dict[str, list[Span]] = {}
        for place in sorted(self.citations, key=lambda span: (span.file, span.start)):
            cited.setdefault(self.citations[place], []).append(place)
        return tuple(
            typed.Article(number=number, span=span, cited=tuple(cited.get(number, ())))
            for number, span in self.articles.items()
        )


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
        case _:
            assert_never(entry)
