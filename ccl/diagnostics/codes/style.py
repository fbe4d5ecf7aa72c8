"""CCL09xx: style."""

from typing import Final

from ccl.diagnostics.codes.template import Severity, Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0901",
        title="`let` assigns the existing variable `{name}`",
        label="declares no new variable",
        help="remove the `let`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0902",
        title="unused {what} `{name}`",
        label="never read",
        help="use it, or prefix its name with `_`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0903",
        title="unused function `{name}`",
        label="never called",
        help="call it, export it, or document it with `///` to keep it for `ccl run --entry`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0904",
        title="unused import `{name}`",
        label="never used",
        help="use it or remove it",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0905",
        title="`{name}` shadows the constant of the same name",
        label="shadows the constant from here on",
        help="choose another name",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0906",
        title="unused {what} `{name}`",
        label="never used in this file",
        help="remove it, or prefix its name with `_`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0907",
        title="`{name}` shadows the import of the same name",
        label="shadows the import",
        help="choose another name",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0908",
        title="this comparison is always {answer}",
        label="always {answer}",
        help="compare with another value, or remove the comparison",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0909",
        title="loop condition never changes",
        label="once true, always true",
        help="change the condition in the loop, or leave the loop with `break`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0910",
        title="empty file",
        label="no declarations and no code",
        help="write a charter entry or an `execution {{ … }}` block, or run `ccl new`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0911",
        title="unused state `{name}`",
        label="never used",
        help="use it or remove it; if it is already stored, removing it needs `fn migrate(old: "
        "Data)`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0912",
        title="invariant reads no state",
        label="never checked",
        help="read in it the state that it guards",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0913",
        title="unused `allow` of `{warning}`",
        label="no such warning here",
        help="remove it",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0914",
        title="invalid `allow` comment: {reason}",
        label="not the code of a warning",
        help="did you mean `{nearest}`?",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0915",
        title="every iteration copies all of `{name}`",
        label="takes time quadratic in its length",
        help="mutate `{name}` in place",
        advice={
            "front of array": "keep the array, and track the index of the first remaining element: "
            "`let first = 0;` before the loop, `first += 1;` in it",
            "front of text": "keep the text, and track the index of the first remaining character: "
            "`let first = 0;` before the loop, `first += 1;` in it",
            "end of array": "remove the last element with `pop`, which copies nothing",
            "end of text": "keep the text, and track the index of its end",
            "elements": "append each element with `push`, which copies nothing; to prepend, append "
            "in reverse order and read from the end",
            "before": "`push` the parts to an array, and join them in reverse order after the "
            "loop; appending to a text copies nothing",
            "call": "let the function mutate its parameter and return nothing, and call it as a "
            "statement",
            "text call": "append in the loop: `+` at the end of a variable's own text copies "
            "nothing",
            "field": "assign only the field, and mutate it in place",
            "inline": "use a `for` loop that mutates the variable, which copies nothing",
            "entry": "mutate `{name}` itself with `push` or `+=`, after inserting it where "
            "`contains_key` is false",
            "variant": "store the value in a variable or field of its own: the payload of a "
            "variant is copied before it is mutated",
            "first": "stop at the first entry: `for key, value in {name} {{ break; }}`",
            "size": "use `{name}.size()`",
            "has": "use `contains_key`",
        },
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0916",
        title="the name `{name}` mixes scripts: {scripts}",
        label="`{letter}` is {character}",
        help="use letters of one script",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0917",
        title="`{name}` is confusable with `{other}`",
        label="`{letter}` is {character}",
        help="write `{other}` if they are the same name, or rename one of them",
        advice={"prelude": "`{other}` is a built-in name: choose another one"},
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0918",
        title="unused value",
        label="computed without effect",
        help="use it, or remove it",
        advice={
            "parameter": "return it to the caller: an assignment to `{name}` ends with the call",
            "branch": "return it with `return`, or move the following statements into an `else`",
        },
        severity=Severity.WARNING,
    ),
)
