"""Loading of a program: the root file and all its imports, each file once.

Paths in the compiled module are relative to the folder of the root file, so that the module does
not depend on the location of the sources. A file is identified by its path without links, and its
own imports are relative to the folder that really contains it.
"""

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from ccl.abi.text.suggest import nearest
from ccl.diagnostics.model import Label, Sink
from ccl.prelude.library_index import PROPOSALS_FILE, files_needed
from ccl.project.project import STREAM_PATHS, Outside, Project, outside, without_links
from ccl.resolver.scopes import Loaded, LoadedFile
from ccl.source.files import (
    LIBRARY_PREFIX,
    SourceError,
    Unreadable,
    library_names,
    read_library,
)
from ccl.source.overlay import Files
from ccl.source.spans import FileId, Source, SourceMap, Span
from ccl.support.cancellation import Cancellation
from ccl.syntax import ast

Parse = Callable[[Source, Sink], ast.Module]
SUFFIX: Final = ".ccl"
LIBRARY_MODULES_KEPT: Final = 64


class Loader:
    """One loading. Relative imports and module paths start at the folder of the root file;
    `project` limits the imports; `files` has the texts of imports.

    `real`: the path without links of each file that is not of the standard library.
    """

    def __init__(
        self,
        parse: Parse,
        sources: SourceMap,
        sink: Sink,
        project: Project,
        files: Files,
        cancellation: Cancellation,
    ) -> None:
        self._parse = parse
        self._sources = sources
        self._sink = sink
        self._project = project
        self._texts = files
        self._cancellation = cancellation
        self._loaded: dict[str, LoadedFile] = {}
        self._loading: dict[str, Span | None] = {}
        self._needed: list[str] = []
        """Library files that are used without an import."""
        self._root = Path()
        self.real: dict[FileId, Path] = {}

    def load(self, path: str, text: str) -> Loaded:
        """Loads the root file, given with its text, and its imports. Errors go to the sink. Raises
        Cancelled."""
        real = real_path(path)
        self._root = real.parent
        root = self._file(str(real), path, Path(path).name, text, None)
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
        """Loads a library file that a program uses by its prelude names."""
        if name not in self._loaded:
            shown = f"{name}.ccl"
            self._file(name, shown, shown, read_library(name), None)

    def _file(
        self, identity: str, shown: str, name: str, text: str, imported_at: Span | None
    ) -> LoadedFile:
        self._cancellation.check()
        source = self._sources.add(shown, text)
        if identity.startswith(LIBRARY_PREFIX):
            module, diagnostics = _parsed_library(self._parse, source)
            self._sink.take(diagnostics)
        else:
            module = self._parse(source, self._sink)
            self.real[source.file] = Path(identity)
        self._loading[identity] = imported_at
        imports: dict[Span, FileId] = {}
        for item in module.items:
            if isinstance(item, ast.Import):
                found = self._import(item, source)
                if found is not None:
                    imports[item.path.span] = found
        del self._loading[identity]
        self._needed += files_needed(text, _declared(module))
        if _has_proposal(module.items):
            self._needed.append(PROPOSALS_FILE)
        loaded = LoadedFile(file=source.file, name=name, module=module, imports=imports)
        self._loaded[identity] = loaded
        return loaded

    def _import(self, item: ast.Import, importer: Source) -> FileId | None:
        written = "".join(part for part in item.path.parts if isinstance(part, str))
        span = item.path.span
        of_library = written.startswith(LIBRARY_PREFIX) or importer.file not in self.real
        location = None if of_library else self._resolved(written, importer, span)
        if location is None and not of_library:
            return None
        identity = written if location is None else str(location)
        if identity in self._loaded:
            return self._loaded[identity].file
        if identity in self._loading:
            self._cycle(written, identity, span)
            return None
        try:
            text = read_library(written) if location is None else self._texts.read(location)
        except SourceError as error:
            self._missing(written, error.kind, importer, span)
            return None
        if location is None:
            shown = name = f"{written}.ccl"
        else:
            shown = shown_path(importer.path, _with_suffix(written), location)
            name = Path(os.path.relpath(location, self._root)).as_posix()
        return self._file(identity, shown, name, text, span).file

    def _resolved(self, written: str, importer: Source, span: Span) -> Path | None:
        """Resolves an import to a path without links; None after reporting one outside of the
        project."""
        if not is_name(written):
            self._sink.report("CCL0205", span, path=written, reason=Unreadable.NO_NAME.value)
            return None
        target = self._project.resolve(self._folder(importer), _with_suffix(written))
        if isinstance(target, Outside):
            self._sink.add(outside(self._project, "import", written, target, span))
            return None
        return target

    def _cycle(self, written: str, identity: str, span: Span) -> None:
        chain = list(self._loading)
        spans = [self._loading[each] for each in chain[chain.index(identity) + 1 :]]
        self._sink.report(
            "CCL0206",
            span,
            path=written,
            labels=tuple(Label(each, "through this import") for each in spans if each),
        )

    def _missing(self, written: str, kind: Unreadable, importer: Source, span: Span) -> None:
        near = None
        path, folder = _with_suffix(written), self._folder(importer)
        if kind is Unreadable.MISSING and self._project.is_dangling(folder, path):
            kind = Unreadable.DANGLING
        if kind is Unreadable.MISSING:
            near = nearest(written, self._beside(written, without_links(folder / path).parent))
        self._sink.report("CCL0205", span, path=written, reason=kind.value, nearest=near)

    def _beside(self, written: str, folder: Path) -> Sequence[str]:
        """Lists candidates for a missing import: the programs of its folder."""
        if written.startswith(LIBRARY_PREFIX):
            return library_names()
        if not self._project.contains(folder):
            return ()
        try:
            names = self._texts.names(folder)
        except OSError:
            return library_names()
        stem = written.removesuffix(Path(written).name)
        return [stem + name for name in names if name.endswith(SUFFIX)]

    def _folder(self, importer: Source) -> Path:
        """Finds the folder that really contains a file; a library file has none, and imports the
        library only."""
        return self.real[importer.file].parent


@lru_cache(maxsize=LIBRARY_MODULES_KEPT)
def _parsed_library(parse: Parse, source: Source) -> tuple[ast.Module, Sink]:
    """Parses a library file and collects its diagnostics.

    Its text is constant during a process.
    """
    found = Sink()
    return parse(source, found), found


def _has_proposal(items: tuple[ast.Item, ...]) -> bool:
    """Reports whether the file or a contract of it declares a proposal."""
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
    """Collects the names of the file that shadow those of the library."""
    named = (ast.Function, ast.Struct, ast.Enumeration)
    declared = (item.name for item in module.items if isinstance(item, named))
    aliases = (item.alias for item in module.items if isinstance(item, ast.Import))
    return frozenset(name.text for name in (*declared, *aliases) if name is not None)


def real_path(path: str) -> Path:
    """Resolves the links in the path of a root file; one read from a stream has no links."""
    return Path.cwd() / path if path in STREAM_PATHS else without_links(Path(path))


def shown_path(importer: str, written: str, real: Path) -> str:
    """Formats the path of an imported file for users: relative to the importer, unless that
    misleads."""
    tidy = Path(os.path.normpath(Path(importer).parent / written))
    return (tidy if without_links(tidy) == real else real).as_posix()


def is_name(written: str) -> bool:
    """Reports whether this is a possible path of a file."""
    return "\0" not in written and Path(written).name not in ("", "..")


def _with_suffix(written: str) -> str:
    path = str(Path(written))
    return path if path.endswith(SUFFIX) else path + SUFFIX
