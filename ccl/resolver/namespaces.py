"""Name spaces: the declarations of one text, and the members that a contract inherits.

Rule: a text declares each name once per name space; a redefinition of an inherited name is marked
`override`.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar, assert_never

from ccl.abi.text.suggest import nearest
from ccl.diagnostics.model import Label, Sink
from ccl.resolver.scopes import ScopeId
from ccl.source.spans import Span
from ccl.support.node import Record, field, replace
from ccl.syntax import ast

_Item = TypeVar("_Item")
_Declared = TypeVar("_Declared", ast.Function, ast.Const, ast.State, ast.Struct, ast.Enumeration)


class Names(Record):
    """The declarations of one text by name space, each name once."""

    sink: Sink
    functions: dict[str, ast.Function] = field(default_factory=dict)
    consts: dict[str, ast.Const] = field(default_factory=dict)
    states: dict[str, ast.State] = field(default_factory=dict)
    structs: dict[str, ast.Struct] = field(default_factory=dict)
    enums: dict[str, ast.Enumeration] = field(default_factory=dict)
    executions: list[ast.Execution] = field(default_factory=list)
    handlers: list[ast.Handler] = field(default_factory=list)
    invariants: list[ast.Invariant] = field(default_factory=list)
    declarations: list[ast.Item] = field(default_factory=list)
    values: dict[str, ast.Ident] = field(default_factory=dict)
    types: dict[str, ast.Ident] = field(default_factory=dict)

    def read(self, items: tuple[ast.Item, ...]) -> None:
        for item in items:
            match item:
                case ast.Function():
                    self._value(self.functions, item)
                case ast.Const():
                    self._value(self.consts, item)
                case ast.State():
                    self._value(self.states, item)
                case ast.Struct():
                    self._type(self.structs, item)
                case ast.Enumeration():
                    self._type(self.enums, item)
                case ast.Execution():
                    self.executions.append(item)
                case ast.Handler():
                    self.handlers.append(item)
                case ast.Invariant():
                    self.invariants.append(item)
                case ast.Import():
                    pass
                case (
                    ast.Entry()
                    | ast.CallEntry()
                    | ast.Section()
                    | ast.IfRule()
                    | ast.RangeRule()
                    | ast.Article()
                ):
                    self.declarations.append(item)
                case _:
                    assert_never(item)

    def refuse_overrides(self) -> None:
        """Reports every `override` outside of contracts, as a file inherits nothing."""
        tables = (self.functions, self.consts, self.states, self.structs, self.enums)
        for item in (each for table in tables for each in table.values()):
            if item.override:
                self.sink.report("CCL0221", item.name.span, name=item.name.text)
        for execution in self.executions:
            if execution.override:
                self.sink.report("CCL0221", execution.span, name="execution")

    def claim(self, space: dict[str, ast.Ident], name: ast.Ident) -> bool:
        first = space.setdefault(name.text, name)
        if first is name:
            return True
        self.sink.report(
            "CCL0204",
            name.span,
            name=name.text,
            labels=(Label(first.span, "first declared here"),),
        )
        return False

    def _value(self, table: dict[str, _Declared], item: _Declared) -> None:
        if self.claim(self.values, item.name):
            table[item.name.text] = item

    def _type(self, table: dict[str, _Declared], item: _Declared) -> None:
        if self.claim(self.types, item.name):
            table[item.name.text] = item


class Members:
    """The members of a contract during construction, bases first."""

    def __init__(self, sink: Sink, *, complete: bool) -> None:
        self._sink = sink
        self._complete = complete
        self.functions: dict[str, ast.Function] = {}
        self.consts: dict[str, ast.Const] = {}
        self.states: dict[str, ast.State] = {}
        self.structs: dict[str, ast.Struct] = {}
        self.enums: dict[str, ast.Enumeration] = {}
        self.values: dict[str, ScopeId] = {}
        self.types: dict[str, ScopeId] = {}
        self.running: set[int] = set()
        """Which texts have the `execution` that counts."""
        self._added = 0
        self._declared: dict[tuple[bool, str], Span] = {}
        self._execution: Span | None = None

    def add(self, names: Names, scope: ScopeId) -> None:
        self._take(names.functions, self.functions, self.values, scope)
        self._take(names.consts, self.consts, self.values, scope)
        self._take(names.states, self.states, self.values, scope)
        self._take(names.structs, self.structs, self.types, scope)
        self._take(names.enums, self.enums, self.types, scope)
        for item in names.executions[:1]:
            if self._fits(item.span, "execution", self._execution, item.override, ()):
                self.running = {self._added}
                self._execution = item.span
        self._added += 1

    def _take(
        self,
        items: Mapping[str, _Declared],
        members: dict[str, _Declared],
        space: dict[str, ScopeId],
        scope: ScopeId,
    ) -> None:
        for name, item in items.items():
            key = (space is self.types, name)
            if not self._fits(item.name.span, name, self._declared.get(key), item.override, space):
                continue
            before = members.get(name)
            for table in (self.functions, self.consts, self.states):
                if space is self.values:
                    table.pop(name, None)
            for other in (self.structs, self.enums):
                if space is self.types:
                    other.pop(name, None)
            self._declared[key] = item.name.span
            members[name], space[name] = _as_public(item, before), scope

    def _fits(
        self, span: Span, name: str, before: Span | None, override: bool, known: Iterable[str]
    ) -> bool:
        """Checks that a redefinition, and only a redefinition, is marked `override`."""
        if before is None and override and self._complete:
            self._sink.report("CCL0221", span, name=name, nearest=nearest(name, known))
        elif before is not None and not override:
            self._sink.report(
                "CCL0220", span, name=name, labels=(Label(before, "inherited from here"),)
            )
            return False
        return True


def _as_public(item: _Declared, before: _Declared | None) -> _Declared:
    """Makes the override of a public function public."""
    if isinstance(item, ast.Function) and isinstance(before, ast.Function) and before.exported:
        return replace(item, exported=True)
    return item


def over(
    outer: Mapping[str, _Item], members: Mapping[str, _Item], space: Mapping[str, ScopeId]
) -> dict[str, _Item]:
    """Merges the names of a file and a contract; those of the contract take precedence."""
    return {**{k: v for k, v in outer.items() if k not in space}, **members}
