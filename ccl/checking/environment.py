"""What is known while bodies are checked: the project, one function, its variables.

`Checker` lives for one compilation, `Body` for one function in one round. A round either
learns (its diagnostics are thrown away, its trees too) or is the final one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from ccl import ast, typed
from ccl.checking.inference import POISON, fresh, is_poison, zonk
from ccl.diagnostics import Diagnostic, Label, Sink
from ccl.node import Node, Record, field
from ccl.resolved import FileScope, Scoped
from ccl.source import FileId, Span
from ccl.types import EnumDef, Enumeration, Prim, Struct, StructDef, Type

if TYPE_CHECKING:
    from ccl.checking.charter.tree import Charter
    from ccl.checking.handlers.outcomes import Outcome
    from ccl.checking.standing.states import StateInfo


Packer = Callable[[str, Span], typed.PackedModule | Diagnostic]
"""Compile the module at a path as written in the program, relative to the file of the span; a
diagnostic is why it cannot be packed."""


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


class NamedFunction(Node, frozen=True, kw_only=True):
    """A function of the program or the prelude, given as an argument."""

    scope: FileScope
    name: str


class InlineFunction(Node, frozen=True, kw_only=True):
    """`x => e`, given as an argument: the id of its function, and the outer variables it uses."""

    function: str
    outer: tuple[str, ...]


PassedFunction: TypeAlias = NamedFunction | InlineFunction


class Signature(Record, kw_only=True):
    """A function as callers see it. `mutated` is the fixpoint of the last learning round."""

    id: str
    item: ast.Function
    scope: FileScope
    parameters: list[Type]
    result: Type
    mutated: frozenset[int] = frozenset()
    types: Mapping[str, Type] = field(default_factory=dict)
    """What the type parameters stand for in this instance of a generic function."""
    functions: Mapping[str, PassedFunction] = field(default_factory=dict)
    """What the parameters that are functions stand for in this instance."""
    made_from: str | None = None
    """The function that this is an instance of, made for one call."""
    outer: frozenset[str] = frozenset()
    """Parameters of an inline function that are variables of the function around it."""


class Generic(Node, frozen=True, kw_only=True):
    """A function with type parameters: every use with other types is an instance of its own."""

    item: ast.Function
    scope: FileScope


class MutationFacts(Record, kw_only=True):
    """What one body does to its parameters: directly, and by passing them on."""

    direct: set[int] = field(default_factory=set)
    passed: set[tuple[int, str, int]] = field(default_factory=set)
    """(own parameter, callee, the callee's parameter)"""


class StructInfo(Record, kw_only=True):
    item: ast.Struct
    scope: FileScope
    type: Struct
    parameters: tuple[Type, ...] = ()
    """Of a generic struct: what stands for its type parameters in `fields`."""
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


class Checker(Record, kw_only=True):
    """One compilation. `sink` is a throw-away one until the final round."""

    scoped: Scoped
    sink: Sink
    packer: Packer
    charter: "Charter"
    charters: dict[FileId, "Charter"] = field(default_factory=dict)
    """By file: what its own declarations are, of the root file `charter`."""
    final: bool = False
    stuck: bool = False
    defaulting: bool = False
    """Open numbers are Integers, now that nothing else says what they are."""
    """In this round something depended on a type that is not known yet."""
    signatures: dict[str, Signature] = field(default_factory=dict)
    generics: dict[str, Generic] = field(default_factory=dict)
    instance_roots: dict[str, str] = field(default_factory=dict)
    """By id of an instance, and of an inline function in one, the first instance that led to it."""
    instances_made: dict[str, int] = field(default_factory=dict)
    """How many instances each of the first ones has led to."""
    function_parameters: dict[str, frozenset[str]] = field(default_factory=dict)
    """Of functions that take functions: the names of those parameters."""
    being_learnt: set[str] = field(default_factory=set)
    structs: dict[str, StructInfo] = field(default_factory=dict)
    records: dict[str, StructDef] = field(default_factory=dict)
    """Structs that no program declares: groups of a job's manifest."""
    enums: dict[str, EnumInfo] = field(default_factory=dict)
    type_instances: dict[str, Struct | Enumeration] = field(default_factory=dict)
    """Generic structs and enums with closed arguments, as the program uses them."""
    let_types: dict[tuple[str, Span], Type] = field(default_factory=dict)
    """By function and place: an instance of a generic function has types of its own."""
    const_values: dict[tuple[int, str], typed.Expr | None] = field(default_factory=dict)
    packed: dict[str, typed.PackedModule] = field(default_factory=dict)
    used_consts: set[tuple[int, str]] = field(default_factory=set)
    used_types: set[str] = field(default_factory=set)
    used_functions: set[str] = field(default_factory=set)
    test_forms: dict[str, dict[Span, str]] = field(default_factory=dict)
    """Calls that only tests have, by function and place."""
    states: dict[str, "StateInfo"] = field(default_factory=dict)
    used_states: set[str] = field(default_factory=set)
    used_imports: set[tuple[int, str]] = field(default_factory=set)
    mutation_facts: dict[str, MutationFacts] = field(default_factory=dict)

    def function_id(self, scope: FileScope, name: str) -> str:
        return scope.function_id(name)

    def type_id(self, scope: FileScope, name: str) -> str:
        return scope.type_id(name)

    def follow(self, scope: FileScope, path: Sequence[str]) -> tuple[FileScope, tuple[str, ...]]:
        """Where `alias`, `Contract` or `alias.Contract` at the beginning of a path leads, and
        what is left of the path there."""
        at = scope
        for i, step in enumerate(path):
            imported = at.imports.get(step)
            if imported is None or (i > 0 and imported.item is not None):
                return at, tuple(path[i:])
            self.used_imports.add((at.file, step))
            at = self.scoped.files[imported.file]
        return at, ()

    @property
    def library_files(self) -> frozenset[FileId]:
        """The files of the standard library that are loaded."""
        return frozenset(self.scoped.library.values())


class Body(Record, kw_only=True):
    """One function being checked."""

    checker: Checker
    scope: FileScope
    id: str
    result: Type
    in_constant: bool = False
    in_condition: bool = False
    """A condition of the charter: names that nothing declares are host records."""
    is_made: bool = False
    """The compiler has named its parameters."""
    outcome: "Outcome | None" = None
    """Of the handler that this is."""
    is_entry: bool = False
    """`execution` or a handler: it has no declared result, an Err in it is a trap."""
    types: Mapping[str, Type] = field(default_factory=dict)
    functions: Mapping[str, PassedFunction] = field(default_factory=dict)
    outer: frozenset[str] = frozenset()
    result_labels: tuple[Label, ...] = ()
    """Where the result type was declared, for mismatches."""
    returns: bool = False
    """A `return` with or without value was seen."""
    scopes: list[dict[str, Variable]] = field(default_factory=lambda: [{}])
    locals: list[typed.Local] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    loops: list[Span] = field(default_factory=list)
    facts: MutationFacts = field(default_factory=MutationFacts)
    constant_uses: set[Span] = field(default_factory=set)
    """Where constants were put in: what stands there is not a place that can be changed."""

    unknown_names: set[str] = field(default_factory=set)
    """Told once each: the second use of a name that is not there says nothing new."""

    @property
    def sink(self) -> Sink:
        return self.checker.sink

    @property
    def final(self) -> bool:
        return self.checker.final

    def find(self, name: str) -> Variable | None:
        for names in reversed(self.scopes):
            if name in names:
                return names[name]
        return None

    @property
    def visible_names(self) -> tuple[str, ...]:
        return tuple(name for names in reversed(self.scopes) for name in names)

    def declare(
        self, name: str, kind: Type, span: Span, origin: Origin, copied_from: Span | None = None
    ) -> Variable:
        local = typed.Local(index=len(self.locals), name=name, type=zonk(kind), span=span)
        variable = Variable(
            local=local,
            origin=origin,
            depth=len(self.scopes),
            loops=tuple(self.loops),
            copied_from=copied_from,
            mentions=[span],
        )
        self.locals.append(local)
        self.variables.append(variable)
        if origin is not Origin.TEMPORARY:
            self.scopes[-1][name] = variable
        return variable

    def temporary(self, kind: Type, span: Span) -> typed.Local:
        return self.declare("_", kind, span, Origin.TEMPORARY).local

    @contextmanager
    def block(self) -> Iterator[None]:
        self.scopes.append({})
        yield
        self.scopes.pop()

    @contextmanager
    def loop(self, span: Span) -> Iterator[None]:
        self.loops.append(span)
        yield
        self.loops.pop()

    def unknown(self, *, number: bool = False) -> Type:
        """A type to be found out; an open number is an Integer in the final round."""
        if number and self.final:
            return Prim.INTEGER
        return fresh(number=number)


def invalid(span: Span) -> typed.Expr:
    """Stands where something was wrong and has been reported."""
    return typed.UnitConst(span=span, type=POISON)


def is_invalid(node: typed.Expr) -> bool:
    return is_poison(node.type)
