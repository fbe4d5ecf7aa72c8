"""Applying the fixes of diagnostics to a text.

Edits never overlap: of two fixes that touch the same place the one given first is taken, and
the other waits for the next round.
"""

from collections.abc import Iterable, Sequence

from ccl.diagnostics import Diagnostic, Edit, Fix
from ccl.source import FileId


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """`text` with all edits made; they must not overlap. Insertions at one place keep order."""
    out: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end)):
        assert edit.span.start >= done, "edits of one fix do not overlap"
        out.append(text[done : edit.span.start])
        out.append(edit.replacement)
        done = edit.span.end
    out.append(text[done:])
    return "".join(out)


def compatible_fixes(diagnostics: Iterable[Diagnostic], file: FileId) -> tuple[Fix, ...]:
    """The first safe fix of each diagnostic that stays inside `file`, without any overlap.

    Two insertions at the same place count as an overlap: their order would be a guess.
    """
    chosen: list[Fix] = []
    taken: list[Edit] = []
    for diagnostic in diagnostics:
        fix = next((fix for fix in diagnostic.fixes if fix.safe), None)
        if fix is None or not fix.edits or any(edit.span.file != file for edit in fix.edits):
            continue
        if any(_touch(edit, other) for edit in fix.edits for other in taken):
            continue
        chosen.append(fix)
        taken.extend(fix.edits)
    return tuple(chosen)


def all_edits(fixes: Sequence[Fix]) -> tuple[Edit, ...]:
    return tuple(edit for fix in fixes for edit in fix.edits)


def _touch(a: Edit, b: Edit) -> bool:
    if a.span.start == b.span.start:
        return True
    first, second = (a, b) if a.span.start < b.span.start else (b, a)
    return first.span.end > second.span.start
