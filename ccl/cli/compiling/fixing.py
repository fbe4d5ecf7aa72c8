"""Fixes of `cclc check --fix`, applied in rounds as long as each leaves less to fix.

Invariant: the remaining work (`_burden`) shrinks with every round, so that fixing ends and a second
pass changes nothing. Safe fixes besides never change which items the file has.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ccl.cli.compiling.findings import Findings
from ccl.diagnostics.codes import severity_of
from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.fixes import all_edits, apply_edits, compatible_fixes
from ccl.diagnostics.model import Diagnostic, Fix
from ccl.parser.outline import outline
from ccl.support.node import Node

SYNTAX = "CCL01"
"""Beginning of the codes of syntax errors."""
_WARNING: Final = 2
"""The urgency of a warning, after errors of syntax and others."""


class Fixed(Node, frozen=True, kw_only=True):
    """`text` after the fixes of `errors` and `warnings`, and the remaining findings.

    unhelpful: fixes that were tried and left as much to fix. waiting: fixes of findings less urgent
    than the errors that are left.
    """

    text: str
    errors: int
    warnings: int
    findings: Findings
    unhelpful: int
    waiting: int

    @property
    def applied(self) -> int:
        return self.errors + self.warnings


def fix_text(text: str, check: Callable[[str], Findings], *, unsafe: bool = False) -> Fixed:
    """Applies the safe fixes of the first source of `check(text)`, with `unsafe` all of them.

    Syntax errors come first, then other errors, warnings last: diagnostics of a file with errors
    rest on a guess of its meaning.
    """
    findings = check(text)
    errors = warnings = 0
    while (made := _round(text, findings, check, unsafe)) is not None:
        # Each round is about errors alone, or, where there are none, about warnings.
        if min(map(_urgency, _own(findings))) < _WARNING:
            errors += made[2]
        else:
            warnings += made[2]
        text, findings, _ = made
    root = findings.sources.sources[0].file
    unhelpful = len(compatible_fixes(_most_urgent(findings), root, unsafe=unsafe))
    every = len(compatible_fixes(_own(findings), root, unsafe=unsafe))
    return Fixed(
        text=text,
        errors=errors,
        warnings=warnings,
        findings=findings,
        unhelpful=unhelpful,
        waiting=max(0, every - unhelpful),
    )


def _round(
    text: str, findings: Findings, check: Callable[[str], Findings], unsafe: bool
) -> tuple[str, Findings, int] | None:
    """Makes all compatible fixes, or else the first one that helps alone."""
    root = findings.sources.sources[0].file
    urgent = _most_urgent(findings)
    for fixes in _attempts(compatible_fixes(urgent, root, unsafe=unsafe)):
        changed = apply_edits(text, all_edits(fixes))
        if not unsafe and outline(changed) != outline(text):
            continue
        found = check(changed)
        if _burden(found) < _burden(findings):
            return changed, found, len(fixes)
    return None


def _attempts(fixes: Sequence[Fix]) -> Iterator[Sequence[Fix]]:
    if fixes:
        yield fixes
    if len(fixes) > 1:
        yield from ((fix,) for fix in fixes)


def _urgency(diagnostic: Diagnostic) -> int:
    if diagnostic.code.startswith(SYNTAX):
        return 0
    return 1 if severity_of(diagnostic.code) is Severity.ERROR else _WARNING


def _own(findings: Findings) -> list[Diagnostic]:
    """Selects the findings in the first source."""
    root = findings.sources.sources[0].file
    return [each for each in findings.diagnostics if each.span.file == root]


def _most_urgent(findings: Findings) -> list[Diagnostic]:
    own = _own(findings)
    first = min(map(_urgency, own), default=0)
    return [each for each in own if _urgency(each) == first]


def _burden(findings: Findings) -> tuple[int, ...]:
    """Counts syntax errors, other errors and warnings."""
    found = Counter(map(_urgency, findings.diagnostics))
    return found[0], found[1], found[_WARNING]
