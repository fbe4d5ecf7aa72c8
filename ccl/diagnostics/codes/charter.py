"""CCL03xx: charter and schema."""

from typing import Final

from ccl.diagnostics.codes.template import Severity, Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0301",
        title="the key `{key}` is set twice",
        label="set again here",
        help="leave one of them out, or give the sections different labels",
    ),
    Template(
        code="CCL0302",
        title="unknown key `{key}` in `{section}`",
        label="no such key",
        help="did you mean `{nearest}`?",
        advice={"twice": "`{nearest}` is given as well: leave one of them out"},
    ),
    Template(
        code="CCL0303",
        title="`{section}` has no key `{key}`",
        label="kept in the charter, used by nothing",
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
        title="two settings of `{key}` can hold at once, with different values",
        label="can hold together with the other one",
        help="write `override` before the entry that is to win, or make the conditions exclusive",
        advice={
            "default": "a default comes before the rules that replace it: move it up, or write "
            "`override` before the entry that is to win",
            "general": "the more general rule comes before what replaces it: move it up, or write "
            "`override` before the entry that is to win",
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
        title="`{name}` is given twice with different values: {here} and {there}",
        label="this says {here}",
        help="keep one of the two, or write the same value",
    ),
    Template(
        code="CCL0310",
        title="`{literal}` under `{key}` means minutes",
        label="`m` is minutes",
        help="write months as days: `{days}`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0311",
        title="a rule is not allowed inside a list or a call",
        label="these values are constant",
        help="move it to a section",
    ),
    Template(
        code="CCL0312",
        title='article "{number}" does not exist',
        label="cited here",
        help='did you mean article "{nearest}"?',
    ),
    Template(
        code="CCL0313",
        title="ambiguous section `{name}`",
        label="which of them is open",
        help="give the sections different keys to read them from code",
    ),
    Template(
        code="CCL0314",
        title="{what} cannot be read from code",
        label="a value is needed here",
        help="name one value inside it",
    ),
    Template(
        code="CCL0315",
        title="`{path}` depends on a condition, so code cannot read it",
        label="not the same in every case",
        help="read the condition in code, or give the value a key that no rule sets",
    ),
    Template(
        code="CCL0316",
        title="the range from {low} to {high} holds nothing",
        label="the smaller bound comes first",
        help="swap the bounds",
        advice={"dash": "a blank separates the bounds: `range {low} {positive}`"},
    ),
    Template(
        code="CCL0317",
        title="the bounds of a range must be numbers of one kind",
        label="not two numbers of one kind",
        help="write both as integers, decimals, percentages, durations, times or sizes",
    ),
    Template(
        code="CCL0318",
        title="no range covers what lies between {low} and {high}",
        label="begins after a gap",
        help="let it begin where the one before ends",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0319",
        title="two ranges cover {low} to {high}",
        label="overlaps with the one before",
        help="both ends of a range belong to it; bands may meet in one number",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0320",
        title="there is no section `{name}` to extend",
        label="not declared here or around",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0321",
        title="`{name}` extends itself",
        label="leads back to where it began",
        help="leave out one `extends` of the circle",
    ),
    Template(
        code="CCL0322",
        title="a condition of the charter must not change anything, and this calls `{call}`",
        label="reading the charter would do this",
        help="do it in `execution` or in a handler",
    ),
    Template(
        code="CCL0323",
        title="a charter has no values of type {found}",
        label="neither a number, a text, true or false, nor a list of these",
        help="write its parts as entries of a section",
    ),
    Template(
        code="CCL0330",
        title="the entry `{key}` has no value",
        label="this gives nothing",
        help="write a value, or make the call a statement of its own",
    ),
    Template(
        code="CCL0331",
        title="{what} is not allowed among the entries of {where}",
        label="not an entry with a value",
        help="give it a key and a value: `key: value;`",
        advice={
            "label": "write what it is called as an entry inside of it",
            "call": "give its result a key: `key: call(…);`",
            "range": "compare in a condition: `if n >= 1 && n <= 5 {{ … }}`",
            "rule": "write the condition as the value, `key: if … {{ 1 }} else {{ 2 }};`, or put "
            "the action into an `if`",
            "override": "leave it out: the entry that is set last counts",
            "code": "move it to the top level of the file",
        },
    ),
    Template(
        code="CCL0332",
        title="there is no action `{name}`",
        label="neither an action of the language nor a function",
        help="did you mean `{nearest}`?",
        advice={
            "declare": "declare what it does: `fn {name}({parameters}) {{ … }}`",
            "item": "`{name}` begins an item, and items are outside of handlers: at the top "
            "level, in a section or a contract",
        },
    ),
    Template(
        code="CCL0333",
        title="`{name}` takes one of `{one}` and `{other}`",
        label="{found}",
        help="keep the one that is meant",
    ),
    Template(
        code="CCL0334",
        title="an inline function has no outcome, so it sets no entry",
        label="this would be an entry of the handler",
        help="let the function give a value, and write the entry where it is called",
    ),
    Template(
        code="CCL0324",
        title="a condition of the charter must not depend on the state `{name}`",
        label="the charter is read without state",
        help="decide it in code, or by a record of the host",
    ),
    Template(
        code="CCL0340",
        title="the proposal `{name}` has no `{key}`",
        label="says nothing of `{key}`",
        help="write `electorate: [caller()];`, or the name of a state that holds the voters, and "
        "`voting_period: 7d;` into it",
    ),
    Template(
        code="CCL0341",
        title="a proposal extends nothing",
        label="only contracts, roles and sections do",
        help="write its entries out",
    ),
    Template(
        code="CCL0342",
        title="a type is not a value",
        label="only the parameters of a proposal are types",
        help="write a value, or move the entry into the `parameters` of a proposal",
    ),
    Template(
        code="CCL0343",
        title="the role `{name}` requires itself",
        label="whether it is held depends on whether it is held",
        help="require something else of it than the role itself",
    ),
    Template(
        code="CCL0344",
        title="`{path}` holds only under a condition, so no job gets it",
        label="left out of the submission",
        help="say it without a condition, or in the call, as `{argument}`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0345",
        title="the host has no event `{event}`",
        label="never happens by itself: jobs end with `job.completed` or `job.failed`",
        help="did you mean `{nearest}`?",
        advice={
            "job": "write `job.completed` or `job.failed`, or a name without `job.`",
        },
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0346",
        title="`ctx` of `{event}` has no field `{name}`",
        label="no such field",
        help="did you mean `{nearest}`? The fields are {fields}",
    ),
    Template(
        code="CCL0347",
        title="`{key}` is a section that no job is made from",
        label="kept in the charter, used by nothing",
        help="did you mean `{nearest}`?",
        advice={"twice": "`{nearest}` is given as well: put all of it there"},
        severity=Severity.WARNING,
    ),
)
