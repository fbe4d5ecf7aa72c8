"""Declarations in the checker: structs, enums, state variables, outcomes of handlers."""

from collections.abc import Mapping

from ccl.checking.core.signatures import Signature
from ccl.checking.core.unification import zonk
from ccl.ir import typed
from ccl.ir.types import EnumDef, Enumeration, Prim, Result, Struct, StructDef, Type
from ccl.resolver.scopes import FileScope
from ccl.source.spans import Span
from ccl.support.node import Node, Record
from ccl.syntax import ast

EMITTED = Result(Prim.UNIT, Prim.STRING)
"""The answer to an event: Ok, or the reason for its refusal."""


class StructInfo(Record, kw_only=True):
    item: ast.Struct
    scope: FileScope
    type: Struct
    parameters: tuple[Type, ...] = ()
    """The types of the type parameters in `fields`, of a generic struct."""
    fields: tuple[tuple[str, Type], ...] = ()

    @property
    def definition(self) -> StructDef:
        return StructDef(self.type, self.fields)


class EnumInfo(Record, kw_only=True):
    item: ast.Enumeration
    scope: FileScope
    type: Enumeration
    parameters: tuple[Type, ...] = ()
    variants: tuple[tuple[str, tuple[Type, ...]], ...] = ()

    @property
    def definition(self) -> EnumDef:
        return EnumDef(self.type, self.variants)


class StateInfo(Node, frozen=True, kw_only=True):
    """A declared state variable; the signature of its initialiser has its type."""

    id: str
    item: ast.State
    scope: FileScope
    initial: Signature

    @property
    def type(self) -> Type:
        return zonk(self.initial.result)


class Slots(Node, frozen=True, kw_only=True):
    """A variable for each key of a record, None until the key is set.

    See `ccl.checking.builtins.slots`.
    """

    locals: Mapping[str, typed.Local]
    span: Span


class Outcome(Node, frozen=True, kw_only=True):
    """The event that a handler ends with."""

    event: str
    slots: Slots
