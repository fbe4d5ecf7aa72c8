"""The compiler from end to end: load, resolve, check, generate. Composition only.

No code is generated after an error. Diagnostics of everything, packed modules included, are
in one sink over one source map.
"""

from collections.abc import Sequence
from pathlib import Path

from ccl.abi.text.suggest import SEARCHES_MAX, limited_searches
from ccl.artifacts.compilation import Admission, Compilation, Compiled, Refused, Setting, admit
from ccl.artifacts.module_calls import module_paths
from ccl.artifacts.packing import Packing
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
from ccl.diagnostics.cascades import ParsedFile, suppress_cascades
from ccl.diagnostics.model import Sink, is_error
from ccl.ir import typed
from ccl.parser.confusables import warn_about_names
from ccl.parser.parse import parse
from ccl.project.levels import apply_levels
from ccl.project.project import STANDARD_INPUT, Project, project_of
from ccl.resolver.loader import Loader, real_path
from ccl.resolver.resolution import resolve
from ccl.resolver.scopes import Scoped
from ccl.source.files import SourceError, read_source
from ccl.source.overlay import DISK, Files
from ccl.source.spans import Source, SourceMap, Span
from ccl.support.cancellation import Cancellation, Cancelled
from ccl.support.node import replace
from ccl.support.recursion import nesting_in_room
from ccl.version import VERSION

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
        return _generate(_check(text, path, setting, extra_exports=extra_exports), setting)


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
        return _generate(_check(text, path, setting, for_tests=True), setting)


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
        return _generate(_check(text, path, setting, around=around), setting)

    packing = Packing(sources, sink, setting, loader.real, around, compile_module)
    packed = packing.pack(module_paths(scoped, sources))
    with limited_searches() as searches:
        checker = declare(scoped, packed, sink, cancellation)
        partial = _typed(checker, extra_exports, for_tests=for_tests)
    cancellation.check()
    if searches.ended:
        _say_that_suggestions_ended(sink)
    own = loader.real.keys() & loaded.files.keys()
    for file in own:
        warn_about_names(sources.sources[file], sink)
    library = frozenset(loaded.library.values())
    parsed = {
        file: ParsedFile(module=each.module, found=each.imports, is_library=file in library)
        for file, each in loaded.files.items()
    }
    suppress_cascades(sink, sources, parsed)
    apply_levels(sink, sources, sorted(own), loaded.root, project.levels)
    return Compilation(
        sources=sources,
        sink=sink,
        module=loaded.files[loaded.root].module,
        partial=partial,
        symbols=symbol_table(checker, partial, sources),
        interface_of=interfaces_of(checker, partial),
        program=None if sink.has_errors else with_condition_texts(partial, sources),
        names=_module_names(sources, scoped),
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


def _say_that_suggestions_ended(sink: Sink) -> None:
    """Notes it on the first error for whose name no suggestion was found."""
    note = f"only {SEARCHES_MAX} names of a program are compared with known ones: mend those first"
    each = next((d for d in sink.diagnostics if is_error(d) and "nearest" not in d.facts), None)
    if each is not None:
        noted = replace(each, notes=(*each.notes, note))
        sink.revise(lambda other: noted if other is each else other)


def _generate(compilation: Compilation, setting: Setting) -> Compiled:
    from ccl.artifacts.artifact import emit
    from runtime.content.cid import Codec, cid_of

    program = compilation.program
    if program is None:
        return Compiled(compilation=compilation, wasm=None, wat=None, cid=None, packed=())
    names = compilation.names
    artifact = emit(
        program,
        names,
        source_cids={s.path: str(cid_of(s.text.encode(), Codec.RAW)) for s in names.sources},
        compiler_version=VERSION,
        cancellation=setting.cancellation,
    )
    refused = setting.admission(artifact.wasm)
    if refused is not None:
        _report_refused(compilation, artifact.places, refused)
        return Compiled(compilation=compilation, wasm=None, wat=None, cid=None, packed=())
    return Compiled(
        compilation=compilation,
        wasm=artifact.wasm,
        wat=artifact.wat,
        cid=str(cid_of(artifact.wasm, Codec.RAW)),
        packed=program.packed,
    )


def _report_refused(
    compilation: Compilation, places: Sequence[Span | None], refused: Refused
) -> None:
    """Reports the function that is refused, or the whole at the beginning of the file."""
    after = refused.functions_after
    span = places[-1 - after] if after is not None and after < len(places) else None
    assert compilation.module is not None, "a module is made from a tree"
    compilation.sink.report(
        "CCL0605",
        span or Span(compilation.module.span.file, 0, 0),
        reason=refused.reason,
        place="this program" if span is None else "this function",
        advice=None if span is None else "function",
    )


def _module_names(sources: SourceMap, scoped: Scoped) -> SourceMap:
    """The program's own sources under their paths in the module."""
    return SourceMap(
        [
            Source(source.file, scoped.files[source.file].name, source.text)
            for source in sources.sources
            if source.file in scoped.files
        ]
    )
