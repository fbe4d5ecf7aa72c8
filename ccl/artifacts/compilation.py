"""Compilations as values: the setting of one, and what it makes of a program."""

from collections.abc import Callable
from typing import TypeAlias

from ccl.diagnostics.model import Sink
from ccl.ir import typed
from ccl.ir.interface import Interface
from ccl.ir.symbols import SymbolTable
from ccl.project.project import Project
from ccl.source.overlay import Files
from ccl.source.spans import FileId, SourceMap
from ccl.support.cancellation import Cancellation
from ccl.support.node import Node
from ccl.syntax import ast


class Refused(Node, frozen=True, kw_only=True):
    """Why a module would not be executed; where one function is at fault, how many follow it."""

    reason: str
    functions_after: int | None


Admission: TypeAlias = Callable[[bytes], Refused | None]
"""Limits of the sandbox, which every module is held to; the compiler does not import them."""


def admit(_module: bytes) -> None:
    """Takes any module."""
    return


class Setting(Node, frozen=True, kw_only=True):
    """Where a program is compiled. `files`: the texts of its imports and modules."""

    project: Project
    files: Files
    admission: Admission
    cancellation: Cancellation


class Compilation(Node, frozen=True, kw_only=True):
    """`partial` is all that is right of the program. `program` is the whole, None after an error.
    `symbols`: what its names mean, also after errors. `interface_of`: what importers see of one of
    its files, which may not be of the library.

    names: the files' paths in the module.
    homes: under which the state of the file and of its contracts is kept, whether they have any.
    """

    sources: SourceMap
    sink: Sink
    module: ast.Module | None
    partial: typed.Program
    symbols: SymbolTable
    interface_of: Callable[[FileId], Interface]
    program: typed.Program | None
    names: SourceMap
    homes: tuple[str, ...]


class Compiled(Node, frozen=True, kw_only=True):
    """`wasm`, its text form and its CID are None if anything is wrong."""

    compilation: Compilation
    wasm: bytes | None
    wat: str | None
    cid: str | None
    packed: tuple[typed.PackedModule, ...]
