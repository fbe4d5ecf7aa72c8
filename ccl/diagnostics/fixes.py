"""Application of fixes to a text, and the fix of a misspelt key.

Edits never overlap: of two fixes at the same place the first one is applied, and the other waits
for the next round.
"""

from bisect import bisect_left, insort
from collections.abc import Container, Iterable, Sequence

from ccl.diagnostics.model import Diagnostic, Edit, Fix
from ccl.source.spans import FileId, Span


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Applies edits to `text`; they must not overlap. Insertions at one place keep their order."""
    out: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end)):
        assert edit.span.start >= done, "edits of one fix do not overlap"
        out.append(text[done : edit.span.start])
        out.append(edit.replacement)
        done = edit.span.end
    out.append(text[done:])
    return "".join(out)


def spelling_fix(
    span: Span, near: str | None, given: Container[str]
) -> tuple[tuple[Fix, ...], str | None]:
    """Builds the fix of a misspelt key, and the fact `advice`: writes `near` instead, unless that
    key is given too, as it would then be duplicate."""
    if near is None:
        return (), None
    if near in given:
        return (), "twice"
    return (Fix(f"write `{near}`", (Edit(span, near),)),), None


def compatible_fixes(
    diagnostics: Iterable[Diagnostic], file: FileId, *, unsafe: bool = False
) -> tuple[Fix, ...]:
    """Selects the first applicable fix of each diagnostic, without overlaps.

    Two insertions at the same place overlap, as their order would be a guess.
    """
    chosen: list[Fix] = []
    taken: list[tuple[int, int]] = []
    """Start and end of all edits chosen so far, in order."""
    for diagnostic in diagnostics:
        fix = _applicable(diagnostic, file, unsafe=unsafe)
        places = [] if fix is None else [(each.span.start, each.span.end) for each in fix.edits]
        if fix is None or any(_touches(place, taken) for place in places):
            continue
        chosen.append(fix)
        for place in places:
            insort(taken, place)
    return tuple(chosen)


def _applicable(diagnostic: Diagnostic, file: FileId, *, unsafe: bool) -> Fix | None:
    """Selects the first fix inside `file`: a safe one, or with `unsafe` any."""
    within = [
        fix
        for fix in diagnostic.fixes
        if fix.edits and all(edit.span.file == file for edit in fix.edits)
    ]
    safe = (fix for fix in within if fix.safe)
    return next(safe, within[0] if unsafe and within else None)


def all_edits(fixes: Sequence[Fix]) -> tuple[Edit, ...]:
    return tuple(edit for fix in fixes for edit in fix.edits)


def _touches(place: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    start, end = place
    at = bisect_left(taken, (start, 0))
    following = at < len(taken) and (taken[at][0] == start or taken[at][0] < end)
    return following or (at > 0 and taken[at - 1][1] > start)
