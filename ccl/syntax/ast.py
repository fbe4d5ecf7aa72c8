"""The abstract syntax tree of a file.

Every node is frozen and has a `span`. Nothing is resolved here: a `Name` is only its spelling. The
parser builds these nodes, the resolver and the checker read them. `doc` is the text of the `///`
comment before an item.
"""

from decimal import Decimal
from typing import Literal, TypeAlias

from ccl.source.spans import Span
from ccl.support.node import Node


class Ident(Node, frozen=True, kw_only=True):
    """A name as written (NFC)."""

    text: str
    span: Span


# --- types ------------------------------------------------------------------------------


class QualifiedName(Node, frozen=True, kw_only=True):
    """`Board`, or `club.Board` of an import: what a section extends."""

    names: tuple[Ident, ...]
    span: Span

    @property
    def text(self) -> str:
        return ".".join(each.text for each in self.names)


class NamedType(Node, frozen=True, kw_only=True):
    """`Integer`, `voting.Ballot` (path of two), `Map<String, Integer>`.

    `of_prelude`: refers to the prelude even if the program declares the same name.
    """

    path: tuple[Ident, ...]
    arguments: tuple["TypeExpr", ...]
    span: Span
    of_prelude: bool = False


class ListType(Node, frozen=True, kw_only=True):
    """`[T]`, the same as `Array<T>`."""

    element: "TypeExpr"
    span: Span


TypeExpr: TypeAlias = NamedType | ListType


# --- literals ---------------------------------------------------------------------------


class IntegerLiteral(Node, frozen=True, kw_only=True):
    """Non-negative as written; up to 2^63 so that the minimum can follow a minus."""

    value: int
    span: Span


class DecimalLiteral(Node, frozen=True, kw_only=True):
    """At most six places."""

    value: Decimal
    span: Span


class PercentLiteral(Node, frozen=True, kw_only=True):
    """`50%` has value 50."""

    value: Decimal
    span: Span


class StringLiteral(Node, frozen=True, kw_only=True):
    """Text parts and `\\(expr)` parts in order, escapes already decoded."""

    parts: tuple["str | Expr", ...]
    span: Span


class BoolLiteral(Node, frozen=True, kw_only=True):
    value: bool
    span: Span


class DurationLiteral(Node, frozen=True, kw_only=True):
    """`unit` as written (`m`, `d`, `days` …), `seconds` the value."""

    seconds: int
    unit: str
    span: Span


class TimestampLiteral(Node, frozen=True, kw_only=True):
    """Unix seconds."""

    seconds: int
    span: Span


class SizeLiteral(Node, frozen=True, kw_only=True):
    byte_count: int
    span: Span


class DidLiteral(Node, frozen=True, kw_only=True):
    """A bare `did:method:id`."""

    value: str
    span: Span


AnyLiteral: TypeAlias = (
    IntegerLiteral
    | DecimalLiteral
    | PercentLiteral
    | StringLiteral
    | BoolLiteral
    | DurationLiteral
    | TimestampLiteral
    | SizeLiteral
    | DidLiteral
)


# --- expressions ------------------------------------------------------------------------


class Name(Node, frozen=True, kw_only=True):
    text: str
    span: Span


class PathName(Node, frozen=True, kw_only=True):
    """`A::B` (two or more segments)."""

    segments: tuple[Ident, ...]
    span: Span


class Field(Node, frozen=True, kw_only=True):
    base: "Expr"
    name: Ident
    span: Span


class Index(Node, frozen=True, kw_only=True):
    base: "Expr"
    index: "Expr"
    span: Span


class Argument(Node, frozen=True, kw_only=True):
    name: Ident | None
    value: "Expr"
    span: Span


class Call(Node, frozen=True, kw_only=True):
    """`callee<types>(arguments)`; a method call has a `Field` as callee."""

    callee: "Expr"
    type_arguments: tuple[TypeExpr, ...]
    arguments: tuple[Argument, ...]
    span: Span


UnaryOperator: TypeAlias = Literal["-", "!"]
BinaryOperator: TypeAlias = Literal[
    "||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"
]


class Unary(Node, frozen=True, kw_only=True):
    operator: UnaryOperator
    operand: "Expr"
    span: Span


class Binary(Node, frozen=True, kw_only=True):
    operator: BinaryOperator
    left: "Expr"
    right: "Expr"
    operator_span: Span
    span: Span


class Try(Node, frozen=True, kw_only=True):
    """`e?` (postfix, no handler) or `try e [catch [name =>] d]`."""

    body: "Expr"
    binding: Ident | None
    handler: "Expr | None"
    postfix: bool
    span: Span


class ArrayExpr(Node, frozen=True, kw_only=True):
    elements: tuple["Expr", ...]
    span: Span


class FieldValue(Node, frozen=True, kw_only=True):
    name: Ident
    value: "Expr"
    span: Span


class StructExpr(Node, frozen=True, kw_only=True):
    """`Name { field: value, … }`."""

    path: tuple[Ident, ...]
    fields: tuple[FieldValue, ...]
    span: Span


class InlineObject(Node, frozen=True, kw_only=True):
    """`{ a: 1, b: "x" }` as a whole value, list element or argument: a section body."""

    entries: tuple["AnyEntry", ...]
    span: Span


class Lambda(Node, frozen=True, kw_only=True):
    parameters: tuple[Ident, ...]
    body: "Expr"
    span: Span


class Block(Node, frozen=True, kw_only=True):
    """Statements; a last `ExpressionStatement` without `;` is the value."""

    statements: tuple["Statement", ...]
    span: Span


class If(Node, frozen=True, kw_only=True):
    condition: "Expr"
    then: Block
    otherwise: "Block | If | None"
    span: Span


class While(Node, frozen=True, kw_only=True):
    condition: "Expr"
    body: Block
    span: Span


class For(Node, frozen=True, kw_only=True):
    """`for a in xs` has one name, `for k, v in m` two."""

    names: tuple[Ident, ...]
    iterable: "Expr"
    body: Block
    span: Span


class MatchArm(Node, frozen=True, kw_only=True):
    pattern: "Pattern"
    guard: "Expr | None"
    body: "Expr"
    span: Span


class Match(Node, frozen=True, kw_only=True):
    subject: "Expr"
    arms: tuple[MatchArm, ...]
    span: Span


class Return(Node, frozen=True, kw_only=True):
    value: "Expr | None"
    span: Span


class Break(Node, frozen=True, kw_only=True):
    span: Span


class Continue(Node, frozen=True, kw_only=True):
    span: Span


class Emit(Node, frozen=True, kw_only=True):
    """`emit Name { … }` (a struct as `event`) or `emit "name" { … }` (a string and `data`)."""

    event: "Expr"
    data: "InlineObject | None"
    article: "StringLiteral | None"
    span: Span


class Require(Node, frozen=True, kw_only=True):
    """`require(condition, message) because article "…"`."""

    arguments: tuple[Argument, ...]
    article: StringLiteral | None
    span: Span


Expr: TypeAlias = (
    AnyLiteral
    | Name
    | PathName
    | Field
    | Index
    | Call
    | Unary
    | Binary
    | Try
    | ArrayExpr
    | StructExpr
    | InlineObject
    | Lambda
    | Block
    | If
    | While
    | For
    | Match
    | Return
    | Break
    | Continue
    | Emit
    | Require
)


# --- patterns ---------------------------------------------------------------------------


class WildcardPattern(Node, frozen=True, kw_only=True):
    span: Span


class NamePattern(Node, frozen=True, kw_only=True):
    name: Ident
    span: Span


class LiteralPattern(Node, frozen=True, kw_only=True):
    value: AnyLiteral
    negative: bool
    span: Span


class RangePattern(Node, frozen=True, kw_only=True):
    low: LiteralPattern
    high: LiteralPattern
    inclusive: bool
    span: Span


class VariantPattern(Node, frozen=True, kw_only=True):
    """`Status::Open`, `Some(x)`, `Status.Migrated(d)`."""

    path: tuple[Ident, ...]
    payload: tuple["Pattern", ...] | None
    span: Span


class FieldPattern(Node, frozen=True, kw_only=True):
    name: Ident
    pattern: "Pattern | None"
    span: Span


class StructPattern(Node, frozen=True, kw_only=True):
    path: tuple[Ident, ...]
    fields: tuple[FieldPattern, ...]
    open: bool
    span: Span


class RestPattern(Node, frozen=True, kw_only=True):
    """`..` or `..name` in an array pattern: any number of elements."""

    name: Ident | None
    span: Span


class ArrayPattern(Node, frozen=True, kw_only=True):
    elements: tuple["Pattern | RestPattern", ...]
    span: Span


class OrPattern(Node, frozen=True, kw_only=True):
    alternatives: tuple["Pattern", ...]
    span: Span


Pattern: TypeAlias = (
    WildcardPattern
    | NamePattern
    | LiteralPattern
    | RangePattern
    | VariantPattern
    | StructPattern
    | ArrayPattern
    | OrPattern
)


# --- statements -------------------------------------------------------------------------


class Let(Node, frozen=True, kw_only=True):
    name: Ident
    type: TypeExpr | None
    value: Expr
    span: Span


AssignOperator: TypeAlias = Literal["=", "+=", "-=", "*=", "/=", "%="]


class Assign(Node, frozen=True, kw_only=True):
    """`target` is a Name, Field or Index chain; anything else is reported by the checker."""

    target: Expr
    operator: AssignOperator
    value: Expr
    span: Span


class ExpressionStatement(Node, frozen=True, kw_only=True):
    """`terminated`: a `;` followed, so a last one is not the block's value."""

    value: Expr
    terminated: bool
    span: Span


class Action(Node, frozen=True, kw_only=True):
    """Handlers only: `name [label] { entries }`."""

    name: Ident
    label: Expr | None
    entries: tuple["AnyEntry", ...]
    span: Span


class HandlerEntry(Node, frozen=True, kw_only=True):
    """Handlers only: `key: value;` or `name literal-or-path;`."""

    entry: "Entry"
    span: Span


Statement: TypeAlias = Let | Assign | ExpressionStatement | Action | HandlerEntry


# --- declarations -----------------------------------------------------------------------


class Key(Node, frozen=True, kw_only=True):
    text: str
    quoted: bool
    span: Span


class Entry(Node, frozen=True, kw_only=True):
    """`key: value;` or `key value;`; `override` before it wins over other rules."""

    key: Key
    value: Expr
    span: Span
    override: bool = False


class CallEntry(Node, frozen=True, kw_only=True):
    """`name(…);` among declarations: kept in the charter, never performed."""

    call: Call
    span: Span


class Section(Node, frozen=True, kw_only=True):
    """`key [value] [version "…"] [extends Name] { entries }`."""

    key: Key
    value: Expr | None
    version: StringLiteral | None
    extends: QualifiedName | None
    entries: tuple["Item", ...]
    doc: str | None
    span: Span
    override: bool = False


class IfRule(Node, frozen=True, kw_only=True):
    condition: Expr
    article: StringLiteral | None
    then: tuple["Item", ...]
    otherwise: tuple["Item", ...]
    span: Span
    override: bool = False


class RangeRule(Node, frozen=True, kw_only=True):
    """`[key] range low high { entries }`, both ends included; `half_open` of `low..high`."""

    key: Key | None
    low: Expr
    high: Expr
    article: StringLiteral | None
    entries: tuple["Item", ...]
    span: Span
    half_open: bool = False


class Article(Node, frozen=True, kw_only=True):
    number: StringLiteral
    entries: tuple["Item", ...]
    doc: str | None
    span: Span


class Handler(Node, frozen=True, kw_only=True):
    """`on "event" { … }`."""

    event: StringLiteral
    body: Block
    span: Span


class Execution(Node, frozen=True, kw_only=True):
    """`override` before it, and before the declarations below: it replaces an inherited one."""

    body: Block
    span: Span
    override: bool = False


class Import(Node, frozen=True, kw_only=True):
    """`import "path" as alias;`"""

    path: StringLiteral
    alias: Ident | None
    span: Span


class Parameter(Node, frozen=True, kw_only=True):
    name: Ident
    type: TypeExpr | None
    span: Span


class Function(Node, frozen=True, kw_only=True):
    """`exported`: `export fn`; `test`: `test fn`; `type_parameters` of `fn f<T>`.

    `generated`: by desugaring; `entry`: of an `execution { }` in one, so it has no
    value, and an Err in it is a trap.
    """

    name: Ident
    type_parameters: tuple[Ident, ...]
    parameters: tuple[Parameter, ...]
    result: TypeExpr | None
    body: Block
    exported: bool
    test: bool
    doc: str | None
    span: Span
    override: bool = False
    generated: bool = False
    entry: bool = False


class Const(Node, frozen=True, kw_only=True):
    name: Ident
    type: TypeExpr | None
    value: Expr
    doc: str | None
    span: Span
    override: bool = False


class State(Node, frozen=True, kw_only=True):
    name: Ident
    type: TypeExpr | None
    value: Expr
    doc: str | None
    span: Span
    override: bool = False


class StructField(Node, frozen=True, kw_only=True):
    name: Ident
    type: TypeExpr
    span: Span
    doc: str | None = None


class Struct(Node, frozen=True, kw_only=True):
    name: Ident
    type_parameters: tuple[Ident, ...]
    fields: tuple[StructField, ...]
    doc: str | None
    span: Span
    override: bool = False


class Variant(Node, frozen=True, kw_only=True):
    name: Ident
    payload: tuple[TypeExpr, ...]
    span: Span
    doc: str | None = None


class Enumeration(Node, frozen=True, kw_only=True):
    name: Ident
    type_parameters: tuple[Ident, ...]
    variants: tuple[Variant, ...]
    doc: str | None
    span: Span
    override: bool = False


class Invariant(Node, frozen=True, kw_only=True):
    name: StringLiteral
    condition: Block
    article: StringLiteral | None
    span: Span


AnyEntry: TypeAlias = Entry | CallEntry | Section | IfRule | RangeRule

Code: TypeAlias = Handler | Execution | Function | Const | State | Struct | Enumeration | Invariant
"""Items that are no part of the charter."""

Item: TypeAlias = AnyEntry | Article | Import | Code
"""`contract`, `role` and `proposal` are Sections by form; `ccl.desugar` has their keys."""


class Module(Node, frozen=True, kw_only=True):
    """One parsed file."""

    items: tuple[Item, ...]
    span: Span
