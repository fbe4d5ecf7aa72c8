"""CCL03xx: charter and schema."""

from typing import Final

from ccl.diagnostics.codes.template import Severity, Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0301",
        title="duplicate key `{key}`",
        label="set again here",
        help="remove one of them, or give the sections different labels",
    ),
    Template(
        code="CCL0302",
        title="unknown key `{key}` in `{section}`",
        label="unknown key",
        help="did you mean `{nearest}`?",
        advice={"twice": "`{nearest}` is given too: remove one of them"},
    ),
    Template(
        code="CCL0303",
        title="`{section}` has no key `{key}`",
        label="kept in the charter without effect",
        help="known keys: {known}",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0304",
        title="`{section}.{key}` must be {expected}, found {found}",
        label="not {expected}",
        help="write a value that is {expected}",
    ),
    Template(
        code="CCL0305",
        title="`{section}.{key}` must be {expected}",
        label="this is {found}",
        help="write a value that is {expected}",
    ),
    Template(
        code="CCL0306",
        title="conflicting values for `{key}`",
        label="can apply together with the other one",
        help="add `override` to the entry that takes precedence, or make the conditions exclusive",
        advice={
            "default": "a default precedes the rules that replace it: move it up, or add "
            "`override` to the entry that takes precedence",
            "general": "a general rule precedes the more specific ones: move it up, or add "
            "`override` to the entry that takes precedence",
        },
    ),
    Template(
        code="CCL0307",
        title="unknown constant `{name}`",
        label="no constant has this name",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0308",
        title="the charter has no `{path}`",
        label="not declared",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0309",
        title="conflicting values for `{name}`: {here} and {there}",
        label="{here} here",
        help="remove one of the two, or write the same value",
    ),
    Template(
        code="CCL0310",
        title="`{literal}` under `{key}` means minutes",
        label="`m` is the unit of minutes",
        help="write months as days: `{days}`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0311",
        title="a rule is not allowed inside a list or a call",
        label="must be constant",
        help="move it to a section",
    ),
    Template(
        code="CCL0312",
        title='unknown article "{number}"',
        label="cited here",
        help='did you mean article "{nearest}"?',
    ),
    Template(
        code="CCL0313",
        title="ambiguous section `{name}`",
        label="matches several sections",
        help="give the sections different keys",
    ),
    Template(
        code="CCL0314",
        title="{what} cannot be read from code",
        label="expected a value",
        help="select one value in it",
    ),
    Template(
        code="CCL0315",
        title="cannot read the conditional value `{path}` from code",
        label="depends on a condition",
        help="read the condition in code, or give the value a key that no rule sets",
    ),
    Template(
        code="CCL0316",
        title="empty range from {low} to {high}",
        label="the lower bound comes first",
        help="swap the bounds",
        advice={"dash": "separate the bounds with a space: `range {low} {positive}`"},
    ),
    Template(
        code="CCL0317",
        title="range bounds must be numbers of the same type",
        label="mismatched bounds",
        help="write both as integers, decimals, percentages, durations, times or sizes",
    ),
    Template(
        code="CCL0318",
        title="gap between ranges: no range covers the values between {low} and {high}",
        label="begins after a gap",
        help="begin it where the previous one ends",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0319",
        title="overlapping ranges: both cover {low} to {high}",
        label="overlaps with the previous one",
        help="both bounds of a range are inclusive; two ranges may share one bound",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0320",
        title="unknown section `{name}`",
        label="not declared here or in an enclosing section",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0321",
        title="`{name}` extends itself",
        label="closes the cycle",
        help="remove one `extends` of the cycle",
    ),
    Template(
        code="CCL0322",
        title="condition of the charter has side effects: it calls `{call}`",
        label="called when the charter is read",
        help="call it in `execution` or in a handler",
    ),
    Template(
        code="CCL0323",
        title="a charter value cannot have the type {found}",
        label="expected a number, a String, a Bool or a list of these",
        help="write its parts as entries of a section",
    ),
    Template(
        code="CCL0330",
        title="the entry `{key}` has no value",
        label="this returns nothing",
        help="write a value, or make the call a statement of its own",
    ),
    Template(
        code="CCL0331",
        title="{what} is not allowed among the entries of {where}",
        label="not an entry with a value",
        advice={
            "label": "write the label as an entry inside of it",
            "call": "give its result a key: `key: call(…);`",
            "range": "compare in a condition: `if n >= 1 && n <= 5 {{ … }}`",
            "rule": "write the condition as the value, `key: if … {{ 1 }} else {{ 2 }};`, or put "
            "the action into an `if`",
            "override": "remove it: the last entry takes effect",
            "code": "move it to the top level of the file",
        },
    ),
    Template(
        code="CCL0332",
        title="unknown action `{name}`",
        label="not a built-in action or a function",
        help="did you mean `{nearest}`?",
        advice={
            "declare": "declare it: `fn {name}({parameters}) {{ … }}`",
            "item": "`{name}` begins an item; items are declared outside of handlers: at the top "
            "level, in a section or a contract",
        },
    ),
    Template(
        code="CCL0333",
        title="`{name}` takes exactly one of `{one}` and `{other}`",
        label="{found}",
        help="give one of the two",
    ),
    Template(
        code="CCL0334",
        title="entries are not allowed in an inline function",
        label="an entry of the handler",
        help="return a value, and write the entry where the function is called",
    ),
    Template(
        code="CCL0324",
        title="a condition of the charter must not depend on the state `{name}`",
        label="the charter is read without state",
        help="decide it in code, or use a field of host data",
    ),
    Template(
        code="CCL0340",
        title="missing `{key}` in the proposal `{name}`",
        label="`{key}` is required",
        help="add `electorate: [caller()];`, or the name of a state with the voters, and "
        "`voting_period: 7d;`",
    ),
    Template(
        code="CCL0341",
        title="a proposal cannot extend another one",
        label="only contracts, roles and sections can extend",
        help="write out its entries",
    ),
    Template(
        code="CCL0342",
        title="expected a value, found a type",
        label="only the parameters of a proposal are types",
        help="write a value, or move the entry into the `parameters` of a proposal",
    ),
    Template(
        code="CCL0343",
        title="the role `{name}` requires itself",
        label="closes the cycle",
        help="remove the role from its own requirements",
    ),
    Template(
        code="CCL0344",
        title="conditional value `{path}` does not apply to jobs",
        label="left out of the submission",
        help="make it unconditional, or pass `{argument}` in the call",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0345",
        title="unknown host event `{event}`",
        label="never triggered: jobs end with `job.completed` or `job.failed`",
        help="did you mean `{nearest}`?",
        advice={
            "job": "write `job.completed` or `job.failed`, or a name without `job.`",
        },
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0346",
        title="`ctx` of `{event}` has no field `{name}`",
        label="unknown field",
        help="did you mean `{nearest}`? The fields are {fields}",
    ),
    Template(
        code="CCL0347",
        title="section `{key}` does not apply to jobs",
        label="kept in the charter without effect",
        help="did you mean `{nearest}`?",
        advice={"twice": "`{nearest}` exists too: merge the two"},
        severity=Severity.WARNING,
    ),
)
