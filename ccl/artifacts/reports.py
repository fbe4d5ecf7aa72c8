"""Reports of a program as a whole: names that look alike, cascades, and the levels of warnings."""

from collections.abc import Collection, Mapping

from ccl.abi.text.suggest import SEARCHES_MAX
from ccl.diagnostics.cascades import ParsedFile, suppress_cascades
from ccl.diagnostics.model import Sink, is_error
from ccl.parser.confusables import warn_about_names
from ccl.project.configuration import Level
from ccl.project.levels import apply_levels
from ccl.resolver.scopes import Loaded
from ccl.source.spans import FileId, SourceMap
from ccl.support.node import replace


def complete_reports(
    sink: Sink,
    sources: SourceMap,
    loaded: Loaded,
    own: Collection[FileId],
    levels: Mapping[str, Level],
) -> None:
    """Adds the reports of names in `own` files, suppresses cascades, and applies the levels."""
    for file in own:
        warn_about_names(sources.sources[file], sink)
    library = frozenset(loaded.library.values())
    parsed = {
        file: ParsedFile(module=each.module, found=each.imports, is_library=file in library)
        for file, each in loaded.files.items()
    }
    suppress_cascades(sink, sources, parsed)
    apply_levels(sink, sources, sorted(own), loaded.root, levels)


def note_end_of_suggestions(sink: Sink) -> None:
    """Adds a note to the first error for whose name no suggestion was looked for."""
    note = f"only {SEARCHES_MAX} names of a program are compared with known ones: mend those first"
    each = next((d for d in sink.diagnostics if is_error(d) and "nearest" not in d.facts), None)
    if each is not None:
        noted = replace(each, notes=(*each.notes, note))
        sink.revise(lambda other: noted if other is each else other)
