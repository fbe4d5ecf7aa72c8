"""The abstract syntax tree: what the author wrote, and where.

Every node is frozen and has a `span`. Nothing is resolved here: a `Name` is only its
spelling. The parser makes these nodes, the resolver and the checker read them.
`doc` is the text of the `///` comment before an item.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from ccl.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Ident:
    """A name as written (NFC)."""

    text: str
    span: Span


# --- types ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedType:
    """`Integer`, `voting.Ballot` (path of two), `Map<String, Integer>`."""

    path: tuple[Ident, ...]
    arguments: tuple["TypeExpr", ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ListType:
    """`[T]`, the same as `Array<T>`."""

    element: "TypeExpr"
    span: Span


TypeExpr: TypeAlias = NamedType | ListType


# --- literals ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerLiteral:
    """Non-negative as written; up to 2^63 so that the minimum can follow a minus."""

    value: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class DecimalLiteral:
    """At most six places."""

    value: Decimal
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentLiteral:
    """`50%` has value 50."""

    value: Decimal
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class StringLiteral:
    """Text parts and `\\(expr)` parts in order, escapes already decoded."""

    parts: tuple["str | Expr", ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolLiteral:
    value: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationLiteral:
    """`unit` as written (`m`, `d`, `days` …), `seconds` the value."""

    seconds: int
    unit: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampLiteral:
    """Unix seconds."""

    seconds: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLiteral:
    byte_count: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class DidLiteral:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class PathName:
    """`A::B` (two or more segments)."""

    segments: tuple[Ident, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    base: "Expr"
    name: Ident
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    base: "Expr"
    index: "Expr"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    name: Ident | None
    value: "Expr"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`callee<types>(arguments)`; a method call has a `Field` as callee."""

    callee: "Expr"
    type_arguments: tuple[TypeExpr, ...]
    arguments: tuple[Argument, ...]
    span: Span


UnaryOperator: TypeAlias = Literal["-", "!"]
BinaryOperator: TypeAlias = Literal[
    "||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    operator: UnaryOperator
    operand: "Expr"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    operator: BinaryOperator
    left: "Expr"
    right: "Expr"
    operator_span: Span
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """`e?` (postfix, no handler) or `try e [catch [name =>] d]`."""

    body: "Expr"
    binding: Ident | None
    handler: "Expr | None"
    postfix: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayExpr:
    elements: tuple["Expr", ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue:
    name: Ident
    value: "Expr"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class StructExpr:
    """`Name { field: value, … }`."""

    path: tuple[Ident, ...]
    fields: tuple[FieldValue, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineObject:
    """`{ a: 1, b: "x" }` as a whole value, list element or argument: a section body."""

    entries: tuple["AnyEntry", ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Lambda:
    parameters: tuple[Ident, ...]
    body: "Expr"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Statements; a last `ExpressionStatement` without `;` is the value."""

    statements: tuple["Statement", ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class If:
    condition: "Expr"
    then: Block
    otherwise: "Block | If | None"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class While:
    condition: "Expr"
    body: Block
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class For:
    """`for a in xs` has one name, `for k, v in m` two."""

    names: tuple[Ident, ...]
    iterable: "Expr"
    body: Block
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchArm:
    pattern: "Pattern"
    guard: "Expr | None"
    body: "Expr"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    subject: "Expr"
    arms: tuple[MatchArm, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    value: "Expr | None"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    """`emit Name { … }` (a struct as `event`) or `emit "name" { … }` (a string and `data`)."""

    event: "Expr"
    data: "InlineObject | None"
    article: "StringLiteral | None"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Require:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WildcardPattern:
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePattern:
    name: Ident
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralPattern:
    value: AnyLiteral
    negative: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class RangePattern:
    low: LiteralPattern
    high: LiteralPattern
    inclusive: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantPattern:
    """`Status::Open`, `Some(x)`, `Status.Migrated(d)`."""

    path: tuple[Ident, ...]
    payload: tuple["Pattern", ...] | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPattern:
    name: Ident
    pattern: "Pattern | None"
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class StructPattern:
    path: tuple[Ident, ...]
    fields: tuple[FieldPattern, ...]
    open: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayPattern:
    elements: tuple["Pattern", ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class OrPattern:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Let:
    name: Ident
    type: TypeExpr | None
    value: Expr
    span: Span


AssignOperator: TypeAlias = Literal["=", "+=", "-=", "*=", "/=", "%="]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """`target` is a Name, Field or Index chain; anything else is reported by the checker."""

    target: Expr
    operator: AssignOperator
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionStatement:
    """`terminated`: a `;` followed, so a last one is not the block's value."""

    value: Expr
    terminated: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Handlers only: `name [label] { entries }`."""

    name: Ident
    label: Expr | None
    entries: tuple["AnyEntry", ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerEntry:
    """Handlers only: `key: value;` or `name literal-or-path;`."""

    entry: "Entry"
    span: Span


Statement: TypeAlias = Let | Assign | ExpressionStatement | Action | HandlerEntry


# --- declarations -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    text: str
    quoted: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`key: value;` or `key value;`; `override` before it wins over other rules."""

    key: Key
    value: Expr
    span: Span
    override: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEntry:
    """`name(…);` among declarations: kept in the charter, never performed."""

    call: Call
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`key [value] [version "…"] [extends Name] { entries }`."""

    key: Key
    value: Expr | None
    version: StringLiteral | None
    extends: Ident | None
    entries: tuple["Item", ...]
    doc: str | None
    span: Span
    override: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IfRule:
    condition: Expr
    article: StringLiteral | None
    then: tuple["Item", ...]
    otherwise: tuple["Item", ...]
    span: Span
    override: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeRule:
    """`[key] range low high { entries }`, both ends included."""

    key: Key | None
    low: Expr
    high: Expr
    article: StringLiteral | None
    entries: tuple["Item", ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    number: StringLiteral
    entries: tuple["Item", ...]
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """`on "event" { … }`."""

    event: StringLiteral
    body: Block
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    body: Block
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """`import "path" as alias;`"""

    path: StringLiteral
    alias: Ident | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    name: Ident
    type: TypeExpr | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """`exported`: `export fn`; `test`: `test fn`; `type_parameters` of `fn f<T>`."""

    name: Ident
    type_parameters: tuple[Ident, ...]
    parameters: tuple[Parameter, ...]
    result: TypeExpr | None
    body: Block
    exported: bool
    test: bool
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Const:
    name: Ident
    type: TypeExpr | None
    value: Expr
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    name: Ident
    type: TypeExpr | None
    value: Expr
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class StructField:
    name: Ident
    type: TypeExpr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Struct:
    name: Ident
    type_parameters: tuple[Ident, ...]
    fields: tuple[StructField, ...]
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    name: Ident
    payload: tuple[TypeExpr, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumeration:
    name: Ident
    type_parameters: tuple[Ident, ...]
    variants: tuple[Variant, ...]
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    name: StringLiteral
    condition: Block
    article: StringLiteral | None
    span: Span


AnyEntry: TypeAlias = "Entry | CallEntry | Section | IfRule | RangeRule"

Item: TypeAlias = (
    Entry
    | CallEntry
    | Section
    | IfRule
    | RangeRule
    | Article
    | Handler
    | Execution
    | Import
    | Function
    | Const
    | State
    | Struct
    | Enumeration
    | Invariant
)
"""`contract`, `role` and `proposal` are Sections by form; the resolver knows their keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One parsed file."""

    items: tuple[Item, ...]
    span: Span
