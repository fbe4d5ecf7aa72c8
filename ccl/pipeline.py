"""The compiler from end to end: load, resolve, check, generate. Composition only.

No code is generated after an error. Diagnostics of everything, packed modules included, are
in one sink over one source map.
"""

from pathlib import Path

from ccl.abi.text.suggest import limited_searches
from ccl.artifacts.compilation import Admission, Compilation, Compiled, Setting, admit
from ccl.artifacts.generation import generate
from ccl.artifacts.module_calls import module_paths
from ccl.artifacts.packing import Packing
from ccl.artifacts.reports import complete_reports, note_end_of_suggestions
from ccl.charter import decide_conditions, elaborate
from ccl.charter.condition_text import with_condition_texts
from ccl.checking import (
    Checker,
    check_bodies,
    declare,
    interfaces_of,
    report_rules,
    symbol_table,
    typed_program,
)
from ccl.desugar import expand
from ccl.diagnostics.model import Sink
from ccl.ir import typed
from ccl.parser.parse import parse
from ccl.project.project import STANDARD_INPUT, Project, project_of
from ccl.resolver.loader import Loader, real_path
from ccl.resolver.resolution import resolve
from ccl.resolver.scopes import module_names
from ccl.source.files import SourceError, read_source
from ccl.source.overlay import DISK, Files
from ccl.source.spans import SourceMap, Span
from ccl.support.cancellation import Cancellation, Cancelled
from ccl.support.recursion import nesting_in_room

__all__ = [
    "Cancelled",
    "Compilation",
    "Compiled",
    "SourceError",
    "check_file",
    "check_text",
    "compile_file",
    "compile_tests",
    "compile_text",
]


def check_file(path: Path, *, extra_exports: frozenset[str] = frozenset()) -> Compilation:
    """Parses, resolves and checks a file. Raises SourceError if it cannot be read."""
    return check_text(read_source(path), path=path.as_posix(), extra_exports=extra_exports)


def compile_file(path: Path, *, extra_exports: frozenset[str] = frozenset()) -> Compiled:
    """Compiles a file to a module. Raises SourceError if the file itself cannot be read."""
    return compile_text(read_source(path), path=path.as_posix(), extra_exports=extra_exports)


def check_text(
    text: str,
    path: str = STANDARD_INPUT,
    *,
    extra_exports: frozenset[str] = frozenset(),
    project: Project | None = None,
    files: Files = DISK,
    cancellation: Cancellation | None = None,
) -> Compilation:
    """Checks a program given as text; imports are relative to the folder of `path`, and stay in
    its `project`, which is looked for if none is given.

    Raises ConfigurationError, TooLittleRoomError, and Cancelled after `cancellation`, as all that
    follow.
    """
    with nesting_in_room():
        setting = _setting(path, project, files, admit, cancellation)
        return _check(text, path, setting, extra_exports=extra_exports)


def compile_text(
    text: str,
    path: str = STANDARD_INPUT,
    *,
    extra_exports: frozenset[str] = frozenset(),
    project: Project | None = None,
    admission: Admission = admit,
    files: Files = DISK,
    cancellation: Cancellation | None = None,
) -> Compiled:
    """Compiles a program given as text. `admission` may refuse its module, or one that it packs."""
    with nesting_in_room():
        setting = _setting(path, project, files, admission, cancellation)
        return generate(_check(text, path, setting, extra_exports=extra_exports), setting)


def compile_tests(
    text: str,
    path: str,
    *,
    project: Project | None = None,
    admission: Admission = admit,
    files: Files = DISK,
    cancellation: Cancellation | None = None,
) -> Compiled:
    """Compiles a file given as text to a module whose exports are its tests."""
    with nesting_in_room():
        setting = _setting(path, project, files, admission, cancellation)
        return generate(_check(text, path, setting, for_tests=True), setting)


def _setting(
    path: str,
    project: Project | None,
    files: Files,
    admission: Admission,
    cancellation: Cancellation | None,
) -> Setting:
    return Setting(
        project=project or project_of(path),
        files=files,
        admission=admission,
        cancellation=cancellation or Cancellation(),
    )


def _check(
    text: str,
    path: str,
    setting: Setting,
    *,
    extra_exports: frozenset[str] = frozenset(),
    around: tuple[Path, ...] = (),
    for_tests: bool = False,
) -> Compilation:
    sources, sink = SourceMap(), Sink()
    project, cancellation = setting.project, setting.cancellation
    loader = Loader(parse, sources, sink, project, setting.files, cancellation)
    loaded = loader.load(path, text)
    if not loaded.files[loaded.root].module.items and not sink.has_errors:
        sink.report("CCL0910", Span(loaded.root, 0, 0))
    scoped = resolve(expand(loaded, sink), sink)
    cancellation.check()
    around = (*around, real_path(path))

    def compile_module(text: str, path: str) -> Compiled:
        return generate(_check(text, path, setting, around=around), setting)

    packing = Packing(sources, sink, setting, loader.real, around, compile_module)
    packed = packing.pack(module_paths(scoped, sources))
    with limited_searches() as searches:
        checker = declare(scoped, packed, sink, cancellation)
        partial = _typed(checker, extra_exports, for_tests=for_tests)
    cancellation.check()
    if searches.ended:
        note_end_of_suggestions(sink)
    own = loader.real.keys() & loaded.files.keys()
    complete_reports(sink, sources, loaded, own, project.levels)
    return Compilation(
        sources=sources,
        sink=sink,
        module=loaded.files[loaded.root].module,
        partial=partial,
        symbols=symbol_table(checker, partial, sources),
        interface_of=interfaces_of(checker, partial),
        program=None if sink.has_errors else with_condition_texts(partial, sources),
        names=module_names(scoped, sources),
        homes=tuple(scope.home for scope in scoped.files.values() if scope.source == loaded.root),
    )


def _typed(checker: Checker, extra_exports: frozenset[str], *, for_tests: bool) -> typed.Program:
    elaborate(checker)
    bodies = check_bodies(checker)
    conditions = decide_conditions(checker, bodies.functions)
    report_rules(checker, bodies)
    return typed_program(
        checker, bodies, conditions, extra_exports=extra_exports, for_tests=for_tests
    )
