"""CCL05xx: control flow and matching."""

from typing import Final

from ccl.diagnostics.codes.template import Severity, Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0501",
        title="not every way through returns a value",
        label="the end is reached without {expected}",
        help="return a value here, or leave out the `;` after the last expression",
    ),
    Template(
        code="CCL0502",
        title="`{word}` outside of a loop",
        label="no loop to leave or continue",
        help="remove it, or leave the function with `return`",
    ),
    Template(
        code="CCL0503",
        title="`return` needs a value here",
        label="expected {expected}",
        help="write `return value;`",
    ),
    Template(
        code="CCL0504",
        title="this code is never reached",
        label="the statement before never comes here",
        help="remove it, or move it up",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0505",
        title="this `match` does not cover {missing}",
        label="not covered: {missing}",
        help="add an arm, or `_ => …` for everything else",
    ),
    Template(
        code="CCL0506",
        title="this arm is never taken",
        label="an arm before takes it",
        help="remove it, or move it up",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0507",
        title="this pattern does not fit {found}",
        label="patterns of {found}: {known}",
        help="write one of the patterns that fit, or `_` for anything",
    ),
    Template(
        code="CCL0508",
        title="the variant carries {wanted}, the pattern names {given}",
        label="wrong number of names",
        help="name each value, with `_` for one not needed",
    ),
    Template(
        code="CCL0509",
        title="the alternatives of this pattern bind different names",
        label="{names} is not bound by all of them",
        help="bind the same names in every alternative, or write two arms",
    ),
    Template(
        code="CCL0510",
        title="this range holds nothing",
        label="it ends before it begins",
        help="write the lower end first; `..=` includes the upper end",
    ),
    Template(
        code="CCL0511",
        title="this pattern leaves out {fields}",
        label="not in the pattern: {fields}",
        help="name them, or end with `..` for the rest",
    ),
    Template(
        code="CCL0512",
        title="an array pattern has one rest",
        label="a second `..`",
        help="leave one of them out: where it would begin is open",
    ),
)
