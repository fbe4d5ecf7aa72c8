"""Signatures: functions as callers see them, and functions as arguments."""

from collections.abc import Mapping
from typing import TypeAlias

from ccl.checking.core.unification import is_open
from ccl.ir.types import Type
from ccl.resolver.scopes import FileScope
from ccl.source.spans import Span
from ccl.support.node import Node, Record, field
from ccl.syntax import ast


class NamedFunction(Node, frozen=True, kw_only=True):
    """A function of the program or the prelude, given as an argument."""

    scope: FileScope
    name: str


class InlineFunction(Node, frozen=True, kw_only=True):
    """`x => e` as an argument: the id of its function, and the outer variables it uses."""

    function: str
    outer: tuple[str, ...]


class AnyFunction(Node, frozen=True, kw_only=True):
    """The unknown argument of a higher-order function that is checked as a template."""


PassedFunction: TypeAlias = NamedFunction | InlineFunction | AnyFunction


class Signature(Record, kw_only=True):
    """A function as callers see it. `mutated` is known once all bodies have been inferred."""

    id: str
    item: ast.Function
    scope: FileScope
    parameters: list[Type]
    result: Type
    mutated: frozenset[int] = frozenset()
    types: Mapping[str, Type] = field(default_factory=dict)
    """The types of the type parameters in this instance of a generic function."""
    functions: Mapping[str, PassedFunction] = field(default_factory=dict)
    """The functions that this instance gets for its parameters."""
    written_in: str | None = None
    """The body around an inline function."""
    state: str | None = None
    """The state variable whose first value this function gives."""
    made_in: str | None = None
    """The body with the call for which this instance of a higher-order function was made."""
    made_from: str | None = None
    """The function that this is an instance of, made for one call."""
    template: bool = False
    """Whether it is a generic or higher-order function as declared: reported on, never compiled."""
    inferred: bool = False
    """Whether its body has been inferred, or is being inferred."""
    unsolved: dict[int, Type] = field(default_factory=dict)
    """Parameters whose types nothing in the file determines, and the known part of each type."""
    left_to_calls: set[int] = field(default_factory=set)
    """Parameters whose types neither a declaration nor the bodies of the component determine."""
    decided_by: dict[int, Span] = field(default_factory=dict)
    """Parameters whose type an argument has determined, with the place of that argument."""
    outer: frozenset[str] = frozenset()
    """Parameters of an inline function that are variables of the function around it."""

    @property
    def is_written(self) -> bool:
        """Returns whether it is a function as declared, not an instance made from one."""
        return self.made_from is None and not self.types and not self.template

    @property
    def is_complete(self) -> bool:
        """Returns whether callers need not look into the body."""
        return not any(map(is_open, (*self.parameters, self.result)))


class Generic(Node, frozen=True, kw_only=True):
    """A generic function: every use with other types is an instance of its own."""

    item: ast.Function
    scope: FileScope


class MutationFacts(Record, kw_only=True):
    """The parameters that a body mutates, directly and by passing them on."""

    direct: set[int] = field(default_factory=set)
    passed: set[tuple[int, str, int]] = field(default_factory=set)
    """(own parameter, callee, the callee's parameter)"""
