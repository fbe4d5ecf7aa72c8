"""CCL09xx: style."""

from typing import Final

from ccl.diagnostics.codes.template import Severity, Template

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
        label="nothing in this file uses it",
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
        help="change the condition in the loop, or leave the loop with `break`",
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
    Template(
        code="CCL0915",
        title="every turn of a loop copies all of `{name}`",
        label="the time grows with the square of its length",
        help="change `{name}` where it is",
        advice={
            "front of array": "leave it whole, and count the position of the first element that is "
            "left: `let first = 0;` before the loop, `first += 1;` in it",
            "front of text": "leave it whole, and count the position of the first character that "
            "is left: `let first = 0;` before the loop, `first += 1;` in it",
            "end of array": "take off the last element with `pop`, which copies nothing",
            "end of text": "leave it whole, and count down the position where it ends",
            "elements": "add each element with `push`, which copies nothing; what is to come first "
            "can be pushed last, and read from the end",
            "before": "`push` the parts to an array, and join them from the last to the first "
            "after the loop; adding at the end of a text copies nothing",
            "call": "let the function change its parameter and return nothing, and call it without "
            "`{name} =`",
            "text call": "write in the loop what is added: `+` at the end of a variable's own text "
            "copies nothing",
            "field": "set the field alone, and change it where it is",
            "inline": "write a `for` loop that changes the variable, which copies nothing",
            "entry": "change `{name}` itself, by `push` or `+=`, after setting it where "
            "`contains_key` is false",
            "variant": "keep what is changed in a variable or field of its own: what a variant "
            "carries is copied first",
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
        help="write all of it in one script",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0917",
        title="`{name}` looks like another name: `{other}`",
        label="`{letter}` is {character}",
        help="write `{other}` if the same is meant, or choose another name",
        advice={"prelude": "CCL has a word `{other}` of its own: choose another name"},
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0918",
        title="this value is dropped, and computing it changes nothing",
        label="never used",
        help="use the value, or leave it out",
        advice={
            "parameter": "return it, for the caller to take: an assignment to `{name}` ends with "
            "the call",
            "branch": "give it to the caller with `return`, or put the statements behind this one "
            "into an `else`",
        },
        severity=Severity.WARNING,
    ),
)
