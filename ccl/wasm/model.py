"""A WebAssembly module as data, close to the text that `ccl.wasm.emit` prints.

An instruction is one line of the text format's flat form (`local.get $total`, `if (result
i64)`, `end`); it is text because text is what is printed and assembled, and the code that
makes it is the only place that needs to know more. Names are without their `$`.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from ccl.support.node import Node

Instruction: TypeAlias = str
ValueType = Literal["i32", "i64"]
Variable: TypeAlias = tuple[str, ValueType]
"""(name, type) of a parameter or local."""


class Import(Node, frozen=True, kw_only=True):
    """A function imported under its own name."""

    module: str
    name: str
    parameters: tuple[str, ...]
    result: str | None


class Global(Node, frozen=True, kw_only=True):
    """A mutable variable of the module."""

    name: str
    initial: int
    export: str | None
    type: ValueType = "i32"


class Data(Node, frozen=True, kw_only=True):
    """Bytes of linear memory before anything runs."""

    address: int
    content: bytes


class Function(Node, frozen=True, kw_only=True):
    """`title` is the name for people, in the `name` section, where it is not `name` itself."""

    name: str
    parameters: tuple[Variable, ...]
    result: ValueType | None
    locals: tuple[Variable, ...]
    body: Sequence[Instruction]
    title: str | None = None


class Module(Node, frozen=True, kw_only=True):
    """Library routines are kept in their own text; `table` names functions called by index."""

    imports: tuple[Import, ...]
    memory_pages: int
    memory_export: str
    globals: tuple[Global, ...]
    data: tuple[Data, ...]
    library: tuple[str, ...]
    functions: tuple[Function, ...]
    table: tuple[str, ...]
    exports: tuple[tuple[str, str], ...]
    """(export name, function name)"""
