"""CCL02xx: names and imports."""

from typing import Final

from ccl.codes.template import Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0201",
        title="unknown name `{name}`",
        label="not found in this scope",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0202",
        title="unknown function `{name}`",
        label="no function of this name",
        help="did you mean `{nearest}`?",
        advice={
            "count": "count with `while`: `let i = 0; while i < 10 {{ …; i += 1; }}`",
            "method": "it is called on a value: `value.{method}(…)`",
        },
    ),
    Template(
        code="CCL0203",
        title="unknown type `{name}`",
        label="no type of this name",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0204",
        title="`{name}` is declared twice",
        label="declared again here",
        help="rename one of the two",
    ),
    Template(
        code="CCL0205",
        title='cannot import "{path}": {reason}',
        label="imported here",
        help='did you mean "{nearest}"?',
    ),
    Template(
        code="CCL0206",
        title='the import "{path}" leads back to this file',
        label="this closes the circle",
        help="move what both files need into a third one",
    ),
    Template(
        code="CCL0207",
        title="{file} has no `{name}`",
        label="not declared there",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0208",
        title="`{name}` is {what}, not a value",
        label="a value is needed here",
        help="name one of its parts",
        advice={
            "call": "call it: `{name}(…)`",
            "make": "make a value of it, or name one of its variants",
        },
    ),
    Template(
        code="CCL0209",
        title="this is not a function",
        label="only functions can be called",
    ),
    Template(
        code="CCL0210",
        title="{struct} has no field `{name}`",
        label="no such field",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0211",
        title="`{name}` is given twice",
        label="given again here",
        help="leave one of them out",
    ),
    Template(
        code="CCL0212",
        title="{name} contains itself without end",
        label="a value of this type has no end",
        help="put an Array, a Map or an Option in between",
    ),
    Template(
        code="CCL0213",
        title="the constant `{name}` needs its own value",
        label="the circle closes here",
        help="give one of the constants a value of its own",
    ),
    Template(
        code="CCL0214",
        title="`{name}` alone is not the charter's `{name}`",
        label="a value is needed here",
        help="write `charter.{name}`",
    ),
    Template(
        code="CCL0215",
        title="{enum} has no variant `{name}`",
        label="no such variant",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0216",
        title="there is no `ctx` here",
        label="`ctx` is the parameter of a handler",
        help="take it as a parameter, `ctx: Data`, and pass it on from the handler",
    ),
)
