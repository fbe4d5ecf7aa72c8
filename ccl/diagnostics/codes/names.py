"""CCL02xx: names and imports."""

from typing import Final

from ccl.diagnostics.codes.template import Template

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
        help="did you mean {similar}?",
        advice={
            "count": "count with `while`: `let i = 0; while i < 10 {{ …; i += 1; }}`",
            "method": "it is called on a value: `value.{method}(…)`",
            "text": "a String becomes a number with `text.to_integer()`, which traps where it is "
            "none, or with `parse_integer(text)`, which gives an `Option`",
            "struct": "`{name}` is a struct: name its fields in braces, as in "
            "`{name} {{ field: value }}`",
        },
    ),
    Template(
        code="CCL0203",
        title="unknown type `{name}`",
        label="no type of this name",
        help="did you mean `{nearest}`?",
        advice={
            "foreign": "CCL calls it `{nearest}`",
            "nothing": "a function that gives nothing has no `->`, and a value that may be missing "
            "is an `Option`",
        },
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
        help="did you mean {similar}?",
    ),
    Template(
        code="CCL0208",
        title="`{name}` is {what}, not a value",
        label="a value is needed here",
        help="name one of its parts",
        advice={
            "call": "call it: `{name}(…)`",
            "make": "make a value of it, or name one of its variants",
            "ask": "ask who holds it: `caller_has_role({name})`",
            "proposal": "call one of its functions: `{name}.open(…)`, or `x => {name}.get(x)` to "
            "pass one",
        },
    ),
    Template(
        code="CCL0209",
        title="this is not a function",
        label="only functions can be called",
        help="leave out the `(…)`, or call a function by its name",
    ),
    Template(
        code="CCL0210",
        title="{struct} has no field `{name}`",
        label="no such field",
        help="did you mean `{nearest}`?",
        advice={
            "fields": "select one that it has: {known}",
            "twice": "`{nearest}` is given as well: leave one of them out",
        },
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
        advice={"variants": "name one that it has: {known}"},
    ),
    Template(
        code="CCL0216",
        title="there is no `ctx` here",
        label="`ctx` is the parameter of a handler",
        help="take it as a parameter, `ctx: Data`, and pass it on from the handler",
    ),
    Template(
        code="CCL0220",
        title="`{name}` is declared in the base already",
        label="declared again here",
        help="write `override` before it if it is to replace the inherited one, or rename it",
    ),
    Template(
        code="CCL0221",
        title="there is no inherited `{name}` to override",
        label="nothing to override",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0222",
        title="there is no contract `{name}` to extend",
        label="no contract of this name",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0223",
        title="`{name}` extends itself",
        label="leads back to where it began",
        help="leave out one `extends` of the circle",
    ),
    Template(
        code="CCL0224",
        title="code is not allowed under a condition of the charter",
        label="this would exist only sometimes",
        help="move it out of the rule, and test the condition inside",
    ),
    Template(
        code="CCL0225",
        title="there is no role `{name}`",
        label="no role of this name",
        help="did you mean `{nearest}`?",
        advice={
            "declare": "declare it: `role {name} {{ … }}`",
            "written": "write the role's name",
        },
    ),
    Template(
        code="CCL0226",
        title="a {what} needs a plain name",
        label="not a plain name",
        help="write `{what} Name {{ … }}`",
    ),
    Template(
        code="CCL0227",
        title="`{name}` is exported twice",
        label="exported again here",
        help="rename one of the two, or export only one of them",
    ),
    Template(
        code="CCL0228",
        title="`{what}` belongs at the top level of a file",
        label="not here",
        help="move it out of the section",
    ),
    Template(
        code="CCL0229",
        title='the {what} "{path}" leads out of the project',
        label="not in the project",
        help="move the file into the project, or allow its folder: `--allow-path {allow}`",
        advice={
            "around": "make the folder around both the project with `touch {around}/ccl.toml`, "
            "or allow the other folder: `--allow-path {allow}`",
        },
    ),
    Template(
        code="CCL0230",
        title="two contracts or files would keep their state under one name, `{home}`",
        label="kept under `{home}`",
        help="give one of them another name",
    ),
    Template(
        code="CCL0217",
        title="a `let` cannot declare `{name}`, the name of a state variable",
        label="hides the state",
        help="choose another name, or leave out the `let` to assign the state",
    ),
    Template(
        code="CCL0218",
        title="the first value of `{name}` depends on the state `{other}`",
        label="state has no order in which it begins",
        help="begin with a value of its own, and set it in a function",
    ),
    Template(
        code="CCL0219",
        title="`migrate` takes what was stored, and gives nothing",
        label="has other parameters or a result",
        help="write `fn migrate(old: Data) {{ … }}`, or give the function another name",
    ),
)
