"""The back end as a whole: passes, analyses, code and bounds of a program, and its artifact."""

from collections.abc import Mapping
from typing import Any

from ccl.abi.bounds import bounds_to_value
from ccl.abi.sections import (
    ABI_SECTION,
    BOUNDS_SECTION,
    CALLS_KEY,
    PACKED_SECTION,
    SITES_SECTION,
    SOURCE_SECTION,
    Abi,
    Site,
    calls_to_value,
    sites_to_value,
)
from ccl.analysis.analyses import analyse
from ccl.codegen.program import Lowered, lower
from ccl.fuel.bounds import bounds_of
from ccl.ir.typed import Program
from ccl.passes import run_passes
from ccl.source.spans import SourceMap, Span
from ccl.support.cancellation import Cancellation
from ccl.support.node import Node
from ccl.wasm.assemble import assemble
from ccl.wasm.emit import text_of
from runtime.content.codec import encode


class Artifact(Node, frozen=True, kw_only=True):
    """The module as bytes and as text, with the content of its sections.

    `places`: the declaration of each function of the module, None for one of the compiler's.
    """

    wasm: bytes
    wat: str
    abi: Abi
    sites: tuple[Site, ...]
    places: tuple[Span | None, ...]


def emit(
    program: Program,
    sources: SourceMap,
    *,
    source_cids: Mapping[str, str],
    compiler_version: str,
    cancellation: Cancellation | None = None,
) -> Artifact:
    """Generates the module of a checked program: the same bytes for the same arguments.

    `source_cids`: CIDs of the sources by path. Raises Cancelled.
    """
    cancellation = cancellation or Cancellation()
    analyses = analyse(run_passes(program, cancellation))
    lowered = lower(analyses, sources, cancellation)
    cancellation.check()
    wat = text_of(lowered.module)
    sections = {
        ABI_SECTION: encode(lowered.abi.to_value()),
        SITES_SECTION: encode(sites_to_value(lowered.sites)),
        BOUNDS_SECTION: encode(bounds_to_value(bounds_of(lowered, sources))),
        SOURCE_SECTION: encode(_provenance(lowered, source_cids, compiler_version)),
    }
    cancellation.check()
    if program.packed:
        sections[PACKED_SECTION] = encode({m.cid: m.wasm for m in program.packed})
    return Artifact(
        wasm=assemble(wat, sections),
        wat=wat,
        abi=lowered.abi,
        sites=lowered.sites,
        places=tuple(
            lowered.notes[each.name].function.span if each.name in lowered.notes else None
            for each in lowered.module.functions
        ),
    )


def _provenance(
    lowered: Lowered, source_cids: Mapping[str, str], compiler_version: str
) -> dict[str, Any]:
    value = {"compiler": compiler_version, "sources": dict(source_cids)}
    return value | {CALLS_KEY: calls_to_value(lowered.calls)} if lowered.calls else value
