"""Loading a program: the root file and everything it imports, each file once.

Paths inside the compiled module are relative to the root file's folder, so that the same
sources give the same module wherever they lie.
"""

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from ccl import ast
from ccl.abi.suggest import nearest
from ccl.diagnostics import Label, Sink
from ccl.prelude_library import PROPOSALS_FILE, files_needed
from ccl.reading import (
    LIBRARY_PREFIX,
    SourceError,
    Unreadable,
    library_names,
    read_library,
    read_source,
)
from ccl.resolved import Loaded, LoadedFile
from ccl.source import FileId, Source, SourceMap, Span

Parse = Callable[[Source, Sink], ast.Module]
LIBRARY_MODULES_KEPT: Final = 64


class Loader:
    """One loading. `folder` of the root file anchors relative imports and module paths."""

    def __init__(self, parse: Parse, sources: SourceMap, sink: Sink) -> None:
        self._parse = parse
        self._sources = sources
        self._sink = sink
        self._loaded: dict[str, LoadedFile] = {}
        self._loading: dict[str, Span | None] = {}
        self._needed: list[str] = []
        """Library files that are used without an import."""
        self._root = Path()

    def load(self, path: str, text: str) -> Loaded:
        """The root file, given with its text, and its imports. Faults go to the sink."""
        location = Path(path)
        self._root = location.parent
        root = self._file(_identity(location), path, location.name, text, None, location)
        while self._needed:
            self._library(self._needed.pop(0))
        files = {each.file: each for each in self._loaded.values()}
        library = {
            name: each.file
            for name, each in self._loaded.items()
            if name.startswith(LIBRARY_PREFIX)
        }
        return Loaded(root=root.file, files=dict(sorted(files.items())), library=library)

    def _library(self, name: str) -> None:
        """A library file that a program uses by its prelude names."""
        if name not in self._loaded:
            shown = f"{name}.ccl"
            self._file(name, shown, shown, read_library(name), None, None)

    def _file(
        self,
        identity: str,
        shown: str,
        name: str,
        text: str,
        imported_at: Span | None,
        location: Path | None,
    ) -> LoadedFile:
        source = self._sources.add(shown, text)
        if location is None:
            module, faults = _parsed_library(self._parse, source)
            self._sink.take(faults)
        else:
            module = self._parse(source, self._sink)
        self._loading[identity] = imported_at
        imports: dict[Span, FileId] = {}
        for item in module.items:
            if isinstance(item, ast.Import):
                found = self._import(item, location)
                if found is not None:
                    imports[item.path.span] = found
        del self._loading[identity]
        self._needed += files_needed(text, _declared(module))
        if _has_proposal(module.items):
            self._needed.append(PROPOSALS_FILE)
        loaded = LoadedFile(file=source.file, name=name, module=module, imports=imports)
        self._loaded[identity] = loaded
        return loaded

    def _import(self, item: ast.Import, importer: Path | None) -> FileId | None:
        written = "".join(part for part in item.path.parts if isinstance(part, str))
        span = item.path.span
        if written.startswith(LIBRARY_PREFIX) or importer is None:
            location, identity = None, written
            shown = name = f"{written}.ccl"
        else:
            location = importer.parent / written
            if location.suffix != ".ccl":
                location = location.with_name(location.name + ".ccl")
            identity = _identity(location)
            shown = _tidy(location)
            name = _relative(location, self._root)
        if identity in self._loaded:
            return self._loaded[identity].file
        if identity in self._loading:
            self._cycle(written, identity, span)
            return None
        try:
            text = read_library(written) if location is None else read_source(location)
        except SourceError as error:
            self._missing(written, error, span, location)
            return None
        return self._file(identity, shown, name, text, span, location).file

    def _cycle(self, written: str, identity: str, span: Span) -> None:
        chain = list(self._loading)
        spans = [self._loading[each] for each in chain[chain.index(identity) + 1 :]]
        self._sink.report(
            "CCL0206",
            span,
            path=written,
            labels=tuple(Label(each, "through this import") for each in spans if each),
        )

    def _missing(self, written: str, error: SourceError, span: Span, location: Path | None) -> None:
        known = list(library_names())
        if location is not None and location.parent.is_dir():
            known = [
                written.removesuffix(Path(written).name) + entry.name
                for entry in sorted(location.parent.iterdir())
                if entry.suffix == ".ccl"
            ]
        near = nearest(written, known) if error.kind is Unreadable.MISSING else None
        self._sink.report("CCL0205", span, path=written, reason=error.kind.value, nearest=near)


@lru_cache(maxsize=LIBRARY_MODULES_KEPT)
def _parsed_library(parse: Parse, source: Source) -> tuple[ast.Module, Sink]:
    """A library file as a tree, and what was found while reading it.

    Its text is the same from one compilation of a process to the next.
    """
    found = Sink()
    return parse(source, found), found


def _has_proposal(items: tuple[ast.Item, ...]) -> bool:
    """Whether a proposal is declared, of the file or of a contract."""
    for item in items:
        match item:
            case ast.Section(key=ast.Key(text="proposal", quoted=False), value=ast.Name()):
                return True
            case ast.Section(key=ast.Key(text="contract" | "public", quoted=False)):
                if _has_proposal(item.entries):
                    return True
            case _:
                pass
    return False


def _declared(module: ast.Module) -> frozenset[str]:
    """Names of the file that shadow the library's."""
    named = (ast.Function, ast.Struct, ast.Enumeration)
    declared = (item.name for item in module.items if isinstance(item, named))
    aliases = (item.alias for item in module.items if isinstance(item, ast.Import))
    return frozenset(name.text for name in (*declared, *aliases) if name is not None)


def _identity(location: Path) -> str:
    return os.path.normpath(Path.cwd() / location)


def _tidy(location: Path) -> str:
    """The path as users see it."""
    return Path(os.path.normpath(location)).as_posix()


def _relative(location: Path, root: Path) -> str:
    """The path as the module names it."""
    return Path(os.path.relpath(Path.cwd() / location, Path.cwd() / root)).as_posix()
