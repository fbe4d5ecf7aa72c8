"""The errors of a report that are shown.

Rule: all are counted, and a report that omits some contains their number.
"""

from collections.abc import Sequence
from typing import Final

from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.model import Diagnostic, is_error
from ccl.support.node import Node

ERRORS_SHOWN_MAX: Final = 100
"""By default; more than anyone reads before mending the first."""
ALL_ERRORS: Final = 0


class Shown(Node, frozen=True, kw_only=True):
    """`diagnostics` are those to show, in order; the counts are those of all."""

    diagnostics: tuple[Diagnostic, ...]
    errors: int
    errors_shown: int
    warnings: int

    @property
    def remark(self) -> str | None:
        """The remark of a report that omits errors."""
        if self.errors == self.errors_shown:
            return None
        are = "is" if self.errors_shown == 1 else "are"
        return f"{self.errors_shown} of {self.errors} errors {are} shown"


def shown_of(diagnostics: Sequence[Diagnostic], max_errors: int = ERRORS_SHOWN_MAX) -> Shown:
    """Selects all warnings, and the first errors; `ALL_ERRORS` for all of them."""
    kept: list[Diagnostic] = []
    errors = errors_shown = 0
    for each in diagnostics:
        if is_error(each):
            errors += 1
            if max_errors != ALL_ERRORS and errors > max_errors:
                continue
            errors_shown += 1
        kept.append(each)
    warnings = sum(each.severity is Severity.WARNING for each in kept)
    return Shown(
        diagnostics=tuple(kept), errors=errors, errors_shown=errors_shown, warnings=warnings
    )
