"""Variables of a function while it is checked: where they come from, and what is done to them."""

from enum import Enum

from ccl.ir import typed
from ccl.ir.symbols import Symbol, SymbolKind
from ccl.ir.types import Type
from ccl.source.spans import Span
from ccl.support.node import Record, field
from ccl.syntax import ast


class Origin(Enum):
    PARAMETER = "parameter"
    LET = "variable"
    LOOP = "loop variable"
    PATTERN = "pattern variable"
    TEMPORARY = "temporary"


class Mutation(Record, kw_only=True):
    """A change through a path; `loop` is the outermost loop since the variable's declaration."""

    span: Span
    loop: Span | None


class Variable(Record, kw_only=True):
    """A local while its function is checked."""

    local: typed.Local
    origin: Origin
    depth: int
    loops: tuple[Span, ...]
    copied_from: Span | None = None
    """The place whose value it was declared with, if it was one."""
    reads: list[int] = field(default_factory=list)
    mentions: list[Span] = field(default_factory=list)
    mutations: list[Mutation] = field(default_factory=list)
    assigning_lets: list[ast.Let] = field(default_factory=list)

    @property
    def type(self) -> Type:
        return self.local.type

    @property
    def symbol(self) -> Symbol:
        is_parameter = self.origin is Origin.PARAMETER
        kind = SymbolKind.PARAMETER if is_parameter else SymbolKind.LOCAL
        return Symbol(kind, self.local.name, self.local.span)
