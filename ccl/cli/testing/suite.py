"""Tests of one file, compiled into one module whose exports they are."""

from collections.abc import Callable

from msgspec import Struct

from ccl.abi.sections import Abi, Site
from ccl.abi.test_calls import TEST_PREFIX
from ccl.cli.admission import admission
from ccl.cli.compiling.findings import Findings
from ccl.cli.running.results.traps import Location, sites_in
from ccl.cli.testing.discovery import TestFile
from ccl.ir.typed import Program
from ccl.pipeline import compile_tests
from ccl.source.spans import Source, SourceMap, Span
from runtime.content.cid import Cid, parse_cid


class Suite(Struct, frozen=True, kw_only=True):
    """`tests` in the order of the file, `abi` every type that a compared value can have."""

    path: str
    module: bytes
    cid: Cid
    tests: tuple[str, ...]
    abi: Abi
    sites: tuple[Site, ...]
    sources: SourceMap
    """Sources under the paths that users name."""
    names: SourceMap
    """Sources under the paths in the module."""

    def place(self, site: Location) -> tuple[Source, Span] | None:
        """Finds the place of a source that the module names, in the sources of the user."""
        for source in self.names.sources:
            if source.path == site.file:
                start = source.offset(site.line, site.column)
                width = max(site.end_column - site.column, 1)
                span = Span(source.file, start, start + width)
                return self.sources.of(span), span
        return None


class Broken(Struct, frozen=True, kw_only=True):
    """A file that does not compile."""

    path: str
    findings: Findings


def compile_suite(file: TestFile, chosen: Callable[[str], bool]) -> Suite | Broken:
    """Compiles the tests of a file that are `chosen` by name."""
    compiled = compile_tests(file.text, file.path, project=file.project, admission=admission)
    compilation = compiled.compilation
    program = compilation.program
    if program is None or compiled.wasm is None or compiled.cid is None:
        findings = Findings(sources=compilation.sources, diagnostics=compilation.sink.diagnostics)
        return Broken(path=file.path, findings=findings)
    names = (each.name.removeprefix(TEST_PREFIX) for each in program.exports)
    return Suite(
        path=file.path,
        module=compiled.wasm,
        cid=parse_cid(compiled.cid),
        tests=tuple(name for name in names if chosen(name)),
        abi=_types(program),
        sites=sites_in(compiled.wasm),
        sources=compilation.sources,
        names=compilation.names,
    )


def _types(program: Program) -> Abi:
    return Abi(
        exports=(),
        structs={
            each.type.name: tuple((name, str(kind)) for name, kind in each.fields)
            for each in program.structs.values()
        },
        enums={
            each.type.name: tuple(
                (name, tuple(map(str, payload))) for name, payload in each.variants
            )
            for each in program.enums.values()
        },
    )
