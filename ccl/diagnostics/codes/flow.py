"""CCL05xx: control flow and matching."""

from typing import Final

from ccl.diagnostics.codes.template import Severity, Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0501",
        title="not all code paths return a value",
        label="can end without {expected}",
        help="return a value here, or remove the `;` after the last expression",
    ),
    Template(
        code="CCL0502",
        title="`{word}` outside of a loop",
        label="not in a loop",
        help="remove it, or leave the function with `return`",
    ),
    Template(
        code="CCL0503",
        title="`return` without a value",
        label="expected {expected}",
        help="return a value: `return …;`",
    ),
    Template(
        code="CCL0504",
        title="unreachable code",
        label="unreachable statement",
        help="remove it, or move it up",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0505",
        title="non-exhaustive `match`: {missing} not covered",
        label="not covered: {missing}",
        help="add an arm for each, or a wildcard arm `_ => …`",
    ),
    Template(
        code="CCL0506",
        title="unreachable arm",
        label="covered by an earlier arm",
        help="remove it, or move it up",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0507",
        title="pattern cannot match {found}",
        label="patterns for {found}: {known}",
        help="use one of these patterns, or `_` for any value",
    ),
    Template(
        code="CCL0508",
        title="expected a pattern with {wanted}, found {given}",
        label="wrong number of values",
        help="bind each value, with `_` for unused ones",
    ),
    Template(
        code="CCL0509",
        title="the alternatives of this pattern bind different names",
        label="{names} not bound in all of them",
        help="bind the same names in every alternative, or write two arms",
    ),
    Template(
        code="CCL0510",
        title="empty range pattern",
        label="ends before it begins",
        help="write the lower bound first; `..=` includes the upper bound",
    ),
    Template(
        code="CCL0511",
        title="pattern does not mention {fields}",
        label="missing {fields}",
        help="bind them, or end the pattern with `..`",
    ),
    Template(
        code="CCL0512",
        title="`..` can only be used once per array pattern",
        label="a second `..`",
        help="remove one of them",
    ),
)
