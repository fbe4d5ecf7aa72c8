"""`cclc check --watch`: checks again whenever a file that the check has read changes.

Files are polled a few times a second; that needs no help from the operating system and works on
every file system.
"""

import gc
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

from ccl.cli.compiling.findings import Findings, merged
from ccl.cli.compiling.report import show_findings, shown, summarise
from ccl.cli.compiling.sources import project_for, sources_of
from ccl.cli.files import read_source
from ccl.diagnostics.render import Format
from ccl.diagnostics.render.formats.json import json_value
from ccl.diagnostics.render.shown import ERRORS_SHOWN_MAX
from ccl.pipeline import check_text
from ccl.support.node import replace
from runtime.terminal.answers.answer import current, say_item
from runtime.terminal.boundary.report import show_error
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM
from runtime.terminal.streams import is_unread, note

POLL_SECONDS: Final = 0.2
SETTLING_SECONDS: Final = 0.05
"""A file that has not changed for so long is whole; times of files are finer than this."""
_MISSING_FILES: Final = frozenset({"CCL0205", "CCL0703"})
"""Codes of imports and packed modules that could not be read: one may appear any time."""

Stamp: TypeAlias = tuple[int, int, int] | None
"""(modified, in ns; size in bytes; inode), None for a missing file."""

_CHANGED: Final = (-1, -1, -1)
"""The stamp of no file."""


class Round(Struct, frozen=True, kw_only=True):
    """One check: its findings, the files that cannot be read, and its dependencies."""

    findings: Findings
    checked: tuple[Path, ...]
    unreadable: tuple[CommandError, ...]
    watched: frozenset[Path]


def watch_files(
    paths: Sequence[Path],
    *,
    form: Format,
    allowed: tuple[Path, ...] = (),
    max_errors: int = ERRORS_SHOWN_MAX,
) -> None:
    """Checks, reports, waits for a change, and so on until Ctrl-C (KeyboardInterrupt).

    Raises CommandError for standard input, which does not change.
    """
    if any(str(path) == STANDARD_STREAM for path in paths):
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "standard input cannot be watched",
            hint="give --watch the name of a file",
        )
    stamps = settled(paths)
    while True:
        began = time.time_ns() - round(SETTLING_SECONDS * 1e9)
        done = check_round(paths, allowed)
        _show(done, replace(done.findings, max_errors=max_errors), form)
        if is_unread():
            return
        # Files that changed during the check are checked again.
        stamps = {
            path: stamps.get(path, stamp if stamp and stamp[0] < began else _CHANGED)
            for path, stamp in stamped(done.watched).items()
        }
        while (now := stamped(stamps)) == stamps:
            time.sleep(POLL_SECONDS)
        changed = sorted(shown(path) for path in now if now[path] != stamps[path])
        note("")
        note(f"Changed: {', '.join(changed)}")
        gc.collect()  # (nothing else does in this process)
        stamps = settled(stamps)


def settled(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """Waits until the files are no longer being written; returns their stamps."""
    now = stamped(paths)
    while True:
        time.sleep(SETTLING_SECONDS)
        before, now = now, stamped(now)
        if before == now:
            return now


def stamped(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """Reads the stamp of each file or folder."""
    found: dict[Path, Stamp] = {}
    for path in paths:
        try:
            status = path.stat()
        except (OSError, ValueError):
            found[path] = None
        else:
            found[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found


def check_round(paths: Sequence[Path], allowed: tuple[Path, ...] = ()) -> Round:
    """Checks all files once. A file that cannot be read is reported, and may come back."""
    reports: list[Findings] = []
    sources = sources_of(paths)
    unreadable = list(sources.errors)
    # (a folder changes when something is put into it)
    watched = {*paths, *sources.files, *sources.folders}
    for path in sources.files:
        try:
            text, project = read_source(path), project_for(path, allowed)
        except CommandError as error:
            # (the files of a project have one configuration, whose error is shown once)
            if str(error) not in map(str, unreadable):
                unreadable.append(error)
            watched.add(Path(error.details.get("path", path)))
            continue
        compilation = check_text(text, path=shown(path), project=project)
        found = compilation.sink.diagnostics
        reports.append(Findings(sources=compilation.sources, diagnostics=found))
        # (those of the standard library have no file here)
        if project.configuration is not None:
            watched.add(project.configuration)
        read = {Path(source.path) for source in compilation.sources.sources}
        watched |= {each for each in read if each.exists()}
        if compilation.program is not None:
            watched |= {path.parent / packed.path for packed in compilation.program.packed}
        for diagnostic in found:
            if diagnostic.code in _MISSING_FILES:
                importer = Path(compilation.sources.of(diagnostic.span).path)
                watched.add(_where_it_would_appear(importer.parent / diagnostic.facts["path"]))
    return Round(
        findings=merged(reports),
        checked=sources.files,
        unreadable=tuple(unreadable),
        watched=frozenset(watched),
    )


def _where_it_would_appear(missing: Path) -> Path:
    """Gives the file, or the innermost existing folder: it changes when an entry is added."""
    places = (missing, *missing.parents)
    return next((each for each, stamp in stamped(places).items() if stamp is not None), Path())


def _show(done: Round, findings: Findings, form: Format) -> None:
    if current().is_wanted:
        # (an answer is printed at the end, and here there is one for each round)
        found = json_value(findings.shown, findings.sources)
        say_item({**found, "unread": [error.to_value() for error in done.unreadable]})
        return
    show_findings(findings, form)
    for error in done.unreadable:
        show_error(error)
    if not form.for_machines:
        if len(done.unreadable) < len(done.checked):
            summarise(findings, done.checked)
        count = sum(not path.is_dir() for path in done.watched)
        note(f"Watching {count} {'file' if count == 1 else 'files'}; Ctrl-C ends it")
    sys.stdout.flush()
    sys.stderr.flush()
