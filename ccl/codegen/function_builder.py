"""A function under construction: its instructions, its locals, and the references that it owns.

Rules of ownership: `Ownership` is that of the value which an expression leaves on the stack. An
owned value is stored, returned or released exactly once. The clean-up stack lists what a scope or
an unfinished expression owns; every jump out of the scope releases it.
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
    """The owner of the reference on the stack."""

    PLAIN = "plain"  # uncounted: a scalar, a constant, or no value
    BORROWED = "borrowed"  # a place owns it
    OWNED = "owned"  # the next instruction takes it over

    @staticmethod
    def of_fresh(kind: Type) -> "Ownership":
        """Returns the ownership of a value that no place holds."""
        return Ownership.OWNED if is_reference(kind) else Ownership.PLAIN


class Owned(Node, frozen=True):
    """A local that owns a reference."""

    name: str
    type: Type


class Callee(Node, frozen=True):
    """A call of a function by name: the callee's symbols over the caller's."""

    name: str
    sizes: Mapping[str, Formula | None]
    span: Span


class Loop(Node, frozen=True):
    """Labels of a loop and the height of the clean-up stack around its body."""

    exit: str
    next: str
    height: int


class View(Node, frozen=True):
    """Locals that hold the block and the length of an array during a loop."""

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
        """Calls a routine of the library or an import."""
        self.module.called.add(name)
        self.body.append(f"call ${name}")

    def constant(self, value: int) -> None:
        self.body.append(f"i32.const {value}")

    def expr(self, node: Expr) -> Ownership:
        """Lowers an expression; its value is left on the stack."""
        return self.lower(self, node)

    def label(self, word: str) -> str:
        self._labels += 1
        return f"{word}.{self._labels}"

    # --- traps ---

    def site(self, span: Span, reason: str, article: str | None = None) -> int:
        return self.module.sites.number(span, reason, article)

    def memory_site(self, span: Span) -> None:
        """Pushes the site of a routine that allocates memory."""
        self.constant(self.site(span, OUT_OF_MEMORY))

    def trap(self, span: Span, reason: str, article: str | None = None) -> None:
        self.constant(self.site(span, reason, article))
        self.call("trap")
        self.emit("unreachable")

    def trap_if(self, span: Span, reason: str) -> None:
        """Traps if the i32 on the stack is not zero."""
        self.emit("if")
        self.trap(span, reason)
        self.emit("end")

    def prepare_comparison(self, kind: Type, span: Span) -> None:
        """Stores the site of a comparison that may be too deep."""
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
        """Returns whether earlier code has set the variable."""
        return local.index in self._names

    def is_set(self, index: int) -> bool:
        """Returns whether earlier code has set the variable with this index."""
        return index in self._names

    def known_name(self, index: int) -> str:
        """Returns the local of a variable that earlier code has set."""
        return self._names[index]

    def parameter(self, local: Local) -> str:
        name = self._names[local.index] = f"{identifier(local.name)}.{local.index}"
        return name

    def owner(self, local: Local) -> str | None:
        """Returns the local that owns the new value of a parameter that is rebound."""
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
        """Returns the view of an array variable, inside a loop that has one."""
        return self.views.get(root.index) if isinstance(root, Local) else None

    # --- ownership ---

    def retain(self) -> None:
        self.call("retain")

    def release_name(self, kind: Type) -> str:
        return routines.release(self.module, kind)

    def release(self, name: str, kind: Type) -> None:
        """Releases the reference in a local."""
        self.emit(f"local.get ${name}")
        self.call(self.release_name(kind))

    def drop(self, ownership: Ownership, kind: Type) -> None:
        """Pops the value."""
        if value_type(kind) is None:
            return
        if ownership is Ownership.OWNED:
            self.call(self.release_name(kind))
        else:
            self.emit("drop")

    def own(self, node: Expr) -> None:
        """Lowers to a value that may be stored: a plain one or an owned reference."""
        ownership = self.expr(node)
        if ownership is Ownership.BORROWED:
            if isinstance(node, LocalGet) and self.in_place(node.local):
                # its object changes without a check of its count, so it must not be shared
                self.memory_site(node.span)
                self.call(routines.clone(self.module, node.type))
            else:
                self.retain()

    def in_place(self, local: Local) -> bool:
        """Returns whether this is a parameter whose object is changed in place, as the caller's
        own."""
        return local.index in self.analyses.function.mutated and not is_flat(local.type)

    def spill(self, kind: Type) -> Owned:
        """Moves the owned reference on the stack into a temporary that clean-up releases."""
        owned = Owned(self.new_temporary("i32"), kind)
        self.emit(f"local.set ${owned.name}")
        self._clean_up.append(owned)
        return owned

    def forget(self, owned: Owned) -> None:
        """Removes a temporary from clean-up and frees its local."""
        self._clean_up.remove(owned)
        self.free_temporary(owned.name)

    def release_spilled(self, spilled: Sequence[Owned]) -> None:
        """Releases temporaries after their use."""
        for owned in reversed(spilled):
            self.release(owned.name, owned.type)
            self.forget(owned)

    def borrow(self, nodes: Sequence[Expr]) -> list[Owned]:
        """Lowers operands in order; returns the temporaries to release after their use."""
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
        """Makes the local the owner of its reference until the scope ends."""
        self._clean_up.append(Owned(self.name(local), local.type))

    def is_declared(self, local: Local) -> bool:
        name = self.name(local)
        return any(owned.name == name for owned in reversed(self._clean_up))

    @property
    def height(self) -> int:
        return len(self._clean_up)

    def release_above(self, height: int, spare: str | None = None) -> None:
        """Releases the references above a height, for a jump; they stay on the clean-up stack."""
        for owned in reversed(self._clean_up[height:]):
            if owned.name != spare:
                self.release(owned.name, owned.type)

    def end_scope(self, height: int, *, reachable: bool, spare: str | None = None) -> None:
        """Releases the references above a height and removes them from the clean-up stack."""
        if reachable:
            self.release_above(height, spare)
        del self._clean_up[height:]

    def owns(self, local: Local, height: int) -> bool:
        """Returns whether the local owns its reference, in a scope above the height."""
        if not is_reference(local.type):
            return False
        name = self.name(local)
        return any(owned.name == name for owned in self._clean_up[height:])
