"""Files with their names sorted out: what `ccl.resolve` makes and `ccl.checking` reads.

Every file keeps its syntax tree; a `FileScope` says what each top-level name of it stands
for. Nothing here is typed yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ccl import ast
from ccl.source import FileId, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """A parsed file before its names are sorted.

    `name` is its path in the compiled module, relative to the root file's folder
    (`std/text.ccl` for the standard library); `imports` maps the span of an import's path to
    the file it means, where one was found.
    """

    file: FileId
    name: str
    module: ast.Module
    imports: Mapping[Span, FileId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """`library`: the files of the standard library among them, by import path."""

    root: FileId
    files: Mapping[FileId, LoadedFile]
    library: Mapping[str, FileId]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """`alias` as it is called in the importing file."""

    alias: str
    item: ast.Import
    file: FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class FileScope:
    """The top level of one file, by name space: values, types, sections."""

    file: FileId
    name: str
    functions: Mapping[str, ast.Function]
    consts: Mapping[str, ast.Const]
    states: Mapping[str, ast.State]
    imports: Mapping[str, ImportedFile]
    structs: Mapping[str, ast.Struct]
    enums: Mapping[str, ast.Enumeration]
    executions: tuple[ast.Execution, ...]
    handlers: tuple[ast.Handler, ...]
    declarations: tuple[ast.Item, ...]
    """Entries, sections, rules and articles, in order."""

    def function_id(self, name: str, *, root: FileId) -> str:
        """`tally` in the root file, `std/voting.tally` elsewhere."""
        return name if self.file == root else f"{self.name.removesuffix('.ccl')}.{name}"

    @property
    def home(self) -> str:
        """Under what name the state that is declared here is kept."""
        return self.name.removesuffix(".ccl")

    @property
    def value_names(self) -> tuple[str, ...]:
        return (*self.functions, *self.consts, *self.states, *self.imports)

    @property
    def type_names(self) -> tuple[str, ...]:
        return (*self.structs, *self.enums)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoped:
    """All files of a compilation with their names; `library` as in `Loaded`."""

    root: FileId
    files: Mapping[FileId, FileScope]
    library: Mapping[str, FileId]

    @property
    def root_scope(self) -> FileScope:
        return self.files[self.root]
