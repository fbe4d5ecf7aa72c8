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
        help="use it or remove it; what is stored stays stored",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0912",
        title="nothing can break this invariant: it reads no state",
        label="never checked",
        help="name in it the state that it guards",
        severity=Severity.WARNING,
    ),
)
