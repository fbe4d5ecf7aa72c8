"""One function in the making: its instructions, its locals, and what it has to release.

Rules of ownership: `Ownership` says what lowering an expression left on the stack. An owned value
is stored, returned or released exactly once. What a scope or an unfinished expression owns is
on the clean-up stack, and every way out of it releases that.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum

from ccl.abi.bounds import Formula
from ccl.analysis.analyses import FunctionAnalyses
from ccl.codegen.codecs import routines
from ccl.codegen.module_builder import ModuleBuilder, identifier
from ccl.ir.layout import is_flat, value_type
from ccl.ir.typed import Expr, Local, LocalGet, StateGet
from ccl.ir.types import Type, is_reference
from ccl.source.spans import Span
from ccl.support.node import Node, Record, field
from ccl.wasm.model import ValueType, Variable

OUT_OF_MEMORY = "out of memory"
OUT_OF_RANGE = "index out of range"
TOO_DEEP = "values nested too deeply to compare"


class Ownership(Enum):
    """Who answers for the reference on the stack."""

    PLAIN = "plain"  # nothing to count: a scalar, a constant, or no value
    BORROWED = "borrowed"  # a place holds it
    OWNED = "owned"  # the code that comes next


class Owned(Node, frozen=True):
    """A local that owns a reference."""

    name: str
    type: Type


class Callee(Node, frozen=True):
    """A call of a function by its name: its symbols in terms of the caller's."""

    name: str
    sizes: Mapping[str, Formula | None]
    span: Span


class Loop(Node, frozen=True):
    """Labels of a loop and the height of the clean-up stack around its body."""

    exit: str
    next: str
    height: int


class View(Node, frozen=True):
    """Locals that hold the block and the length of an array while a loop runs."""

    block: str
    length: str
    guards: Mapping[frozenset[int], str] = field(default_factory=dict)
    """By variables that the loop does not set: the length if all are within 32 bits, else 0."""


class FunctionBuilder(Record):
    module: ModuleBuilder
    analyses: FunctionAnalyses
    lower: "Callable[[FunctionBuilder, Expr], Ownership]"
    body: list[str] = field(default_factory=list)
    locals: list[Variable] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    leave: tuple[str, ...] = ()
    """Instructions before every return."""
    iteration_bounds: dict[str, Formula | Span] = field(default_factory=dict)
    """By label of a loop; its place if it is unbounded."""
    callees: list[Callee] = field(default_factory=list)
    views: dict[int, View] = field(default_factory=dict)
    """By index of the array variable."""
    _names: dict[int, str] = field(default_factory=dict)
    _owners: dict[int, str] = field(default_factory=dict)
    _spare: dict[ValueType, list[str]] = field(default_factory=lambda: {"i32": [], "i64": []})
    _clean_up: list[Owned] = field(default_factory=list)
    _labels: int = 0
    _temporaries: int = 0

    # --- instructions ---

    def emit(self, *instructions: str) -> None:
        self.body.extend(instructions)

    def call(self, name: str) -> None:
        """Call a routine of the library or an import."""
        self.module.called.add(name)
        self.body.append(f"call ${name}")

    def constant(self, value: int) -> None:
        self.body.append(f"i32.const {value}")

    def expr(self, node: Expr) -> Ownership:
        """Lower an expression; its value is left on the stack."""
        return self.lower(self, node)

    def label(self, word: str) -> str:
        self._labels += 1
        return f"{word}.{self._labels}"

    # --- traps ---

    def site(self, span: Span, reason: str, article: str | None = None) -> int:
        return self.module.sites.number(span, reason, article)

    def memory_site(self, span: Span) -> None:
        """Push the site of a routine that needs memory."""
        self.constant(self.site(span, OUT_OF_MEMORY))

    def trap(self, span: Span, reason: str, article: str | None = None) -> None:
        self.constant(self.site(span, reason, article))
        self.call("trap")
        self.emit("unreachable")

    def trap_if(self, span: Span, reason: str) -> None:
        """Trap when the i32 on the stack is not zero."""
        self.emit("if")
        self.trap(span, reason)
        self.emit("end")

    def prepare_comparison(self, kind: Type, span: Span) -> None:
        """Note the place of a comparison that may go too deep."""
        if routines.holds_recursive(self.module, kind):
            self.constant(self.site(span, TOO_DEEP))
            self.emit("global.set $compare_site")

    # --- locals ---

    def name(self, local: Local) -> str:
        name = self._names.get(local.index)
        if name is None:
            name = self._names[local.index] = f"{identifier(local.name)}.{local.index}"
            kind = value_type(local.type)
            if kind is not None:
                self.locals.append((name, kind))
        return name

    def is_known(self, local: Local) -> bool:
        """Whether code before this has set it."""
        return local.index in self._names

    def is_set(self, index: int) -> bool:
        """The same, by number."""
        return index in self._names

    def known_name(self, index: int) -> str:
        """Of a variable that code before this has set."""
        return self._names[index]

    def parameter(self, local: Local) -> str:
        name = self._names[local.index] = f"{identifier(local.name)}.{local.index}"
        return name

    def owner(self, local: Local) -> str | None:
        """For a parameter that is rebound: the local which owns what it was set to."""
        return self._owners.get(local.index)

    def add_owner(self, local: Local) -> None:
        name = f"owned.{self.name(local)}"
        self._owners[local.index] = name
        self.locals.append((name, "i32"))
        self._clean_up.append(Owned(name, local.type))

    def new_temporary(self, kind: ValueType) -> str:
        """Returns a local that is in use until `free_temporary`."""
        if self._spare[kind]:
            return self._spare[kind].pop()
        self._temporaries += 1
        name = f"t{self._temporaries}"
        self.locals.append((name, kind))
        return name

    def free_temporary(self, name: str, kind: ValueType = "i32") -> None:
        self._spare[kind].append(name)

    @contextmanager
    def temporary(self, kind: ValueType) -> Iterator[str]:
        name = self.new_temporary(kind)
        yield name
        self.free_temporary(name, kind)

    def view(self, root: Local | StateGet) -> View | None:
        """Of an array variable, while a loop that leaves it alone runs."""
        return self.views.get(root.index) if isinstance(root, Local) else None

    # --- ownership ---

    def retain(self) -> None:
        self.call("retain")

    def release_name(self, kind: Type) -> str:
        return routines.release(self.module, kind)

    def release(self, name: str, kind: Type) -> None:
        """Release what a local refers to."""
        self.emit(f"local.get ${name}")
        self.call(self.release_name(kind))

    def drop(self, ownership: Ownership, kind: Type) -> None:
        """Take the value off the stack."""
        if value_type(kind) is None:
            return
        if ownership is Ownership.OWNED:
            self.call(self.release_name(kind))
        else:
            self.emit("drop")

    def own(self, node: Expr) -> None:
        """Lower to a value that may be stored: a plain one or an owned reference."""
        ownership = self.expr(node)
        if ownership is Ownership.BORROWED:
            if isinstance(node, LocalGet) and self.in_place(node.local):
                # its object changes without a look at its count, so it is not shared
                self.memory_site(node.span)
                self.call(routines.clone(self.module, node.type))
            else:
                self.retain()

    def in_place(self, local: Local) -> bool:
        """Whether this is a parameter whose object is changed as the caller's own."""
        return local.index in self.analyses.function.mutated and not is_flat(local.type)

    def spill(self, kind: Type) -> Owned:
        """Moves the owned reference on the stack into a temporary that clean-up releases."""
        owned = Owned(self.new_temporary("i32"), kind)
        self.emit(f"local.set ${owned.name}")
        self._clean_up.append(owned)
        return owned

    def forget(self, owned: Owned) -> None:
        """Clean-up no longer answers for it; its temporary is free again."""
        self._clean_up.remove(owned)
        self.free_temporary(owned.name)

    def release_spilled(self, spilled: Sequence[Owned]) -> None:
        """Release temporaries after their use."""
        for owned in reversed(spilled):
            self.release(owned.name, owned.type)
            self.forget(owned)

    def borrow(self, nodes: Sequence[Expr]) -> list[Owned]:
        """Lower operands in order; release what is returned after their use."""
        spilled: list[Owned] = []
        for position, node in enumerate(nodes):
            ownership = self.expr(node)
            if ownership is Ownership.BORROWED and any(
                self.analyses.behaviour.clobbers(later) for later in nodes[position + 1 :]
            ):
                self.retain()
                ownership = Ownership.OWNED
            if ownership is Ownership.OWNED:
                owned = self.spill(node.type)
                spilled.append(owned)
                self.emit(f"local.get ${owned.name}")
        return spilled

    def declare(self, local: Local) -> None:
        """From here on the local owns what it refers to, until its scope ends."""
        self._clean_up.append(Owned(self.name(local), local.type))

    def is_declared(self, local: Local) -> bool:
        name = self.name(local)
        return any(owned.name == name for owned in reversed(self._clean_up))

    @property
    def height(self) -> int:
        return len(self._clean_up)

    def release_above(self, height: int, spare: str | None = None) -> None:
        """Release what lies above, as a way out of it does; it stays known here."""
        for owned in reversed(self._clean_up[height:]):
            if owned.name != spare:
                self.release(owned.name, owned.type)

    def end_scope(self, height: int, *, reachable: bool, spare: str | None = None) -> None:
        """Release and forget what lies above."""
        if reachable:
            self.release_above(height, spare)
        del self._clean_up[height:]

    def owns(self, local: Local, height: int) -> bool:
        """Whether the local itself owns its reference and its scope is above the height."""
        if not is_reference(local.type):
            return False
        name = self.name(local)
        return any(owned.name == name for owned in self._clean_up[height:])
