"""CCL05xx: control flow and matching."""

from typing import Final

from ccl.codes.template import Template
from ccl.diagnostics import Severity

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0501",
        title="not every way through returns a value",
        label="the end is reached without {expected}",
        help="return a value here, or leave out the `;` after the last expression",
    ),
    Template(
        code="CCL0502",
        title="`{word}` stands outside of a loop",
        label="no loop to leave or continue",
    ),
    Template(
        code="CCL0503",
        title="`return` needs a value here",
        label="expected {expected}",
    ),
    Template(
        code="CCL0504",
        title="this code is never reached",
        label="the statement before never comes here",
        help="remove it, or move it up",
        severity=Severity.WARNING,
    ),
)
