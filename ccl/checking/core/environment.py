"""The state of checking: of the program, of one function, of its variables.

`Checker` lives for one compilation, `Body` for one function in one pass. Every body is walked
twice: inference finds the types (its diagnostics and trees are dropped), elaboration builds the
typed tree and reports.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from ccl.checking.core.declarations import EnumInfo, Outcome, StateInfo, StructInfo
from ccl.checking.core.signatures import Generic, MutationFacts, PassedFunction, Signature
from ccl.checking.core.unification import fresh, is_error_type, zonk
from ccl.checking.core.variables import Origin, Variable
from ccl.diagnostics.model import Diagnostic, Fix, Label, Sink
from ccl.ir import typed
from ccl.ir.charter import Charter
from ccl.ir.symbols import Symbol
from ccl.ir.types import Enumeration, Prim, Struct, StructDef, Type
from ccl.resolver.scopes import FileScope, Role, Scoped, ScopeId
from ccl.source.spans import FileId, Span
from ccl.support.cancellation import Cancellation
from ccl.support.node import Node, Record, field
from ccl.syntax import ast

PackedModules: TypeAlias = Mapping[tuple[FileId, str], typed.PackedModule | Diagnostic]
"""By the file of a call of `module`, and its path; a diagnostic says why it is not packed."""


class DroppedValue(Node, frozen=True, kw_only=True):
    """A statement whose value is dropped; see `ccl.checking.lints.discarded_values`."""

    body: str
    value: typed.Expr
    span: Span
    unchanged: str | None
    """The place whose method was called, if it can take the result."""
    parameter: Variable | None
    """The parameter that this place is, unless a loop can come back to it."""
    ends_branch: bool
    """Whether it is a plain value at the end of a block."""
    fix: Fix


class CallSite(Node, frozen=True, kw_only=True):
    """The call for which an instance was made first, and the body around it."""

    instance: str
    body: str
    call: ast.Call


class Constraint(Record, kw_only=True, eq=False):
    """A rule that needs types which are still open; see `ccl.checking.core.constraints`."""

    body: "Body"
    solving: "Solving"
    kinds: tuple[Type, ...]
    """The types it waits for."""
    attempt: Callable[[bool], bool]
    """Attempts to solve it; the argument: nothing but a default may decide it any more."""
    scopes: list[dict[str, "Variable"]]
    loops: list[Span]
    solved: bool = False
    queued: bool = False

    def wake(self) -> None:
        if not self.solved and not self.queued:
            self.queued = True
            self.solving.ready.append(self)


class Solving(Record, kw_only=True, eq=False):
    """The open types and constraints while the bodies of one file are inferred together."""

    file: FileId | None = None
    """The file being inferred; signatures of others are complete."""
    ready: deque[Constraint] = field(default_factory=deque)
    pending: list[Constraint] = field(default_factory=list)
    defaults: list[Type] = field(default_factory=list)
    """Types whose open numbers, and omitted error types, get a default at the end."""
    inferred: list[Signature] = field(default_factory=list)
    waiting_bodies: deque[Signature] = field(default_factory=deque)
    """Instances nested too deep to be inferred at once; they come later."""


class Doors(Node, frozen=True, kw_only=True):
    """The functions that check the parts of a form, of whatever form; see the methods of `Body`.

    Forms receive these instead of importing the modules of all forms, which would be a circle.
    """

    infer: Callable[["Body", ast.Expr, Type | None], typed.Expr]
    check: Callable[["Body", ast.Expr, Type, tuple[Label, ...]], typed.Expr]
    discard: Callable[["Body", ast.Expr], typed.Statement]
    statement: Callable[["Body", ast.Statement], tuple[typed.Statement, ...]]


class Checker(Record, kw_only=True):
    """One compilation. Diagnostics in `sink` are dropped while bodies are inferred."""

    doors: Doors
    scoped: Scoped
    sink: Sink
    packed_modules: PackedModules
    charter: Charter
    cancellation: Cancellation
    charters: dict[FileId, Charter] = field(default_factory=dict)
    """The declarations of each file by itself; that of the root file is `charter`."""
    final: bool = False
    """Whether this is elaboration, in which an open type is an error."""
    solving: "Solving" = field(default_factory=Solving)
    solved: dict[str, dict[Span, Type]] = field(default_factory=dict)
    """By body and place: types of expressions that were open when they were inferred."""
    signatures: dict[str, Signature] = field(default_factory=dict)
    templates: list[Signature] = field(default_factory=list)
    called_elsewhere: deque[Signature] = field(default_factory=deque)
    """Called functions of other files; their bodies come after the caller's file."""
    home_files: dict[ScopeId, FileId] = field(default_factory=dict)
    """The file that each scope belongs to."""
    generics: dict[str, Generic] = field(default_factory=dict)
    instance_roots: dict[str, str] = field(default_factory=dict)
    """By id of an instance, and of an inline function in one: the first instance that led to it."""
    call_sites: dict[str, CallSite] = field(default_factory=dict)
    """By id of an instance; see `ccl.checking.calls.call_sites`."""
    attributed_errors: dict[tuple[str, Span], Span] = field(default_factory=dict)
    """Calls of the program that errors are attributed to, by code and place of the error."""
    extending_roles: dict[str, list[tuple[FileScope, Role]]] | None = None
    """By id of a role's function, the roles that extend it; computed on first use."""
    instances_made: dict[str, int] = field(default_factory=dict)
    """The number of instances that each of the first ones has led to."""
    function_parameters: dict[str, frozenset[str]] = field(default_factory=dict)
    """By id of a higher-order function, the parameters that are functions."""
    depth: int = 0
    """The depth of instances that are inferred inside of each other."""
    structs: dict[str, StructInfo] = field(default_factory=dict)
    records: dict[str, StructDef] = field(default_factory=dict)
    """Structs that no program declares: records of a job's manifest."""
    enums: dict[str, EnumInfo] = field(default_factory=dict)
    type_instances: dict[str, Struct | Enumeration] = field(default_factory=dict)
    """Generic structs and enums with closed arguments, as the program uses them."""
    muted: bool = False
    """Whether reports are dropped, because elaboration repeats them."""
    const_values: dict[tuple[int, str, bool], typed.Expr | None] = field(default_factory=dict)
    """By file, name, and whether its errors were reported; None while the value is computed."""
    packed: dict[str, typed.PackedModule] = field(default_factory=dict)
    used_consts: set[tuple[int, str]] = field(default_factory=set)
    used_types: set[str] = field(default_factory=set)
    used_functions: set[str] = field(default_factory=set)
    test_forms: dict[str, dict[Span, str]] = field(default_factory=dict)
    """Calls of test functions, by body and place."""
    states: dict[str, StateInfo] = field(default_factory=dict)
    used_states: set[str] = field(default_factory=set)
    used_imports: set[tuple[int, str]] = field(default_factory=set)
    mutation_facts: dict[str, MutationFacts] = field(default_factory=dict)
    dropped_values: list[DroppedValue] = field(default_factory=list)
    uses: list[tuple[Span, Symbol]] = field(default_factory=list)
    """See `ccl.checking.symbols.uses`; a place may be noted more than once."""
    captured: dict[tuple[Span, str], Symbol] = field(default_factory=dict)
    """By inline function and name, the variable around it that it reads."""

    def function_id(self, scope: FileScope, name: str) -> str:
        return scope.function_id(name)

    def type_id(self, scope: FileScope, name: str) -> str:
        return scope.type_id(name)

    def follow(self, scope: FileScope, path: Sequence[str]) -> tuple[FileScope, tuple[str, ...]]:
        """Resolves a path like `reached`, and marks each import on the way as used."""
        at, left = self.reached(scope, path)
        for step in path[: len(path) - len(left)]:
            self.used_imports.add((scope.file, step))
            scope = self.scoped.files[scope.imports[step].file]
        return at, left

    def reached(self, scope: FileScope, path: Sequence[str]) -> tuple[FileScope, tuple[str, ...]]:
        """Resolves `alias`, `Contract` or `alias.Contract` at the beginning of a path.

        Returns the scope, and the rest of the path there.
        """
        at = scope
        for i, step in enumerate(path):
            imported = at.imports.get(step)
            if imported is None or (i > 0 and imported.item is not None):
                return at, tuple(path[i:])
            at = self.scoped.files[imported.file]
        return at, ()

    def offers_in(self, scope: FileScope, contract: str, name: str) -> bool:
        """Returns whether a contract of a file has the value `name`."""
        return self.scoped.files[scope.imports[contract].file].offers(name)

    def owner_named(self, scope: FileScope, path: Sequence[ast.Ident] | None) -> FileScope | None:
        """Returns the file or contract that a path names; None if it names none."""
        if not path:
            return None
        owner, left = self.reached(scope, [each.text for each in path])
        return None if left else owner

    def declared_here(self, name: ast.Ident, shown: str) -> tuple[Label, ...]:
        """Returns a label at a declaration, unless it is in a file of the library."""
        if name.span.file in self.imported_library_files:
            return ()
        return (Label(name.span, f"{shown} is declared here"),)

    @property
    def library_files(self) -> frozenset[FileId]:
        """Returns the loaded files of the standard library."""
        return frozenset(self.scoped.library.values())

    @property
    def imported_library_files(self) -> frozenset[FileId]:
        """Returns these without the program's own file, where that is one of them."""
        return self.library_files - {self.scoped.root}


class Body(Record, kw_only=True):
    """One function while it is checked."""

    checker: Checker
    scope: FileScope
    id: str
    result: Type
    in_constant: bool = False
    in_condition: bool = False
    """Whether it is a condition of the charter, in which undeclared names are host records."""
    is_generated: bool = False
    """Whether the compiler has named its parameters."""
    outcome: Outcome | None = None
    """The outcome of the handler that this is."""
    is_template: bool = False
    """Whether it is a generic or higher-order function as declared: its calls make no instances."""
    is_entry: bool = False
    """Whether it is `execution` or a handler: no declared result, and an Err in it traps."""
    job_event: str | None = None
    """The event of the host that this handles; `ctx` is the first of its locals."""
    types: Mapping[str, Type] = field(default_factory=dict)
    functions: Mapping[str, PassedFunction] = field(default_factory=dict)
    outer: frozenset[str] = frozenset()
    result_labels: tuple[Label, ...] = ()
    """The declaration of the result type, for mismatches."""
    returns: bool = False
    """Whether it has a `return`, with or without a value."""
    scopes: list[dict[str, Variable]] = field(default_factory=lambda: [{}])
    locals: list[typed.Local] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    loops: list[Span] = field(default_factory=list)
    endless: set[Span] = field(default_factory=set)
    """Loops that only a `return`, a trap or the like leaves."""
    facts: MutationFacts = field(default_factory=MutationFacts)
    constant_uses: set[Span] = field(default_factory=set)
    """Places where constants were inlined, which cannot be changed."""

    unknown_names: set[str] = field(default_factory=set)
    """Names that have been reported as unknown; each is reported once."""
    suggested_names: set[str] = field(default_factory=set)
    """Names suggested for new variables in fixes."""
    fillers: set[Span] = field(default_factory=set)
    """Values of branches without an effect; see `ccl.checking.lints.fillers`."""
    solved: dict[Span, Type] = field(default_factory=dict)
    """`Checker.solved` of this body."""

    def __post_init__(self) -> None:
        self.solved = self.checker.solved.setdefault(self.id, {})

    def infer(self, expr: ast.Expr, expected: Type | None = None) -> typed.Expr:
        """Infers the type of `expr`.

        `expected` is a hint: a literal takes it, other expressions may ignore it.
        """
        return self.checker.doors.infer(self, expr, expected)

    def check(
        self, expr: ast.Expr, expected: Type, *, labels: tuple[Label, ...] = ()
    ) -> typed.Expr:
        """Checks `expr` against the type `expected`; a mismatch is reported with `labels`."""
        return self.checker.doors.check(self, expr, expected, labels)

    def discard(self, expr: ast.Expr) -> typed.Statement:
        """Checks `expr` for its effect. A Result is not dropped silently: an Err traps with its
        text."""
        return self.checker.doors.discard(self, expr)

    def statement(self, statement: ast.Statement) -> tuple[typed.Statement, ...]:
        return self.checker.doors.statement(self, statement)

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
            self._note(variable, span)
        return variable

    def mention(self, variable: Variable, span: Span) -> None:
        """Records a place where the variable is named."""
        variable.mentions.append(span)
        self._note(variable, span)

    def _note(self, variable: Variable, span: Span) -> None:
        if self.checker.final:
            self.checker.uses.append((span, variable.symbol))

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
        """Returns a type to be inferred; in elaboration an open number is an Integer."""
        if number and self.final:
            return Prim.INTEGER
        kind = fresh(number=number)
        if number:
            self.checker.solving.defaults.append(kind)
        return kind

    def not_known_yet(self, span: Span) -> typed.Expr:
        """Returns a placeholder for a value whose type a constraint will determine."""
        return invalid(span) if self.final else typed.UnitConst(span=span, type=fresh())


def invalid(span: Span, parts: Iterable[typed.Expr] = ()) -> typed.Expr:
    """Returns the expression in place of one that has been reported as wrong."""
    return typed.ErrorExpr(span=span, parts=tuple(parts))


def is_invalid(node: typed.Expr) -> bool:
    return is_error_type(node.type)
