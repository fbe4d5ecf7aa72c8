"""CCL09xx: style."""

from typing import Final

from ccl.codes.template import Severity, Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0901",
        title="this `let` assigns the variable `{name}` that is already there",
        label="assigns, declares nothing",
        help="leave out the `let`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0902",
        title="the {what} `{name}` is never read",
        label="never read",
        help="use it, or begin its name with `_`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0903",
        title="the function `{name}` is never called",
        label="never called",
        help="call it, export it, or document it with `///` if it is meant for `ccl run --entry`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0904",
        title="the import `{name}` is never used",
        label="never used",
        help="use it or remove it",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0905",
        title="`{name}` hides the constant of that name",
        label="a variable from here on",
        help="choose another name",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0906",
        title="the {what} `{name}` is never used",
        label="nothing in this file asks for it",
        help="remove it, or let its name begin with `_`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0907",
        title="`{name}` hides the import of that name",
        label="the import is out of reach here",
        help="choose another name",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0908",
        title="this comparison is always {answer}",
        label="always {answer}",
        help="compare with something else, or leave it out",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0909",
        title="nothing in this loop changes its condition",
        label="once true, it stays true",
        help="change what it asks for in the loop, or leave the loop with `break`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0910",
        title="there is nothing in this file",
        label="no declaration and no code",
        help="write a charter entry or an `execution {{ … }}` block, or begin with `ccl new`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0911",
        title="the state `{name}` is never used",
        label="never used",
        help="use it or remove it; where it is stored already, that needs `fn migrate(old: Data)`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0912",
        title="nothing can break this invariant: it reads no state",
        label="never checked",
        help="name in it the state that it guards",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0913",
        title="`{warning}` is allowed here and does not occur",
        label="allows nothing",
        help="remove it",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0914",
        title="this comment allows nothing: {reason}",
        label="not the code of a warning",
        help="did you mean `{nearest}`?",
        severity=Severity.WARNING,
    ),
)
