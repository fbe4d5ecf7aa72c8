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
        label="not found in this scope",
        help="did you mean {similar}?",
        advice={
            "count": "count with `while`: `let i = 0; while i < 10 {{ …; i += 1; }}`",
            "method": "it is a method: call `value.{method}(…)`",
            "text": "convert a String with `text.to_integer()`, which traps if it is not a number, "
            "or `parse_integer(text)`, which returns an `Option`",
            "struct": "`{name}` is a struct: name its fields in braces, as in "
            "`{name} {{ field: value }}`",
        },
    ),
    Template(
        code="CCL0203",
        title="unknown type `{name}`",
        label="not found in this scope",
        help="did you mean `{nearest}`?",
        advice={
            "foreign": "the CCL type is `{nearest}`",
            "nothing": "a function without a result has no `->`; an absent value is an `Option`",
        },
    ),
    Template(
        code="CCL0204",
        title="`{name}` is declared twice",
        label="declared again here",
        help="rename one of them",
    ),
    Template(
        code="CCL0205",
        title='cannot import "{path}": {reason}',
        label="imported here",
        help='did you mean "{nearest}"?',
    ),
    Template(
        code="CCL0206",
        title='import cycle through "{path}"',
        label="closes the cycle",
        help="move the shared declarations into a third file",
    ),
    Template(
        code="CCL0207",
        title="{file} has no `{name}`",
        label="not declared in {file}",
        help="did you mean {similar}?",
    ),
    Template(
        code="CCL0208",
        title="`{name}` is {what}, not a value",
        label="expected a value",
        help="select one of its parts",
        advice={
            "call": "call it: `{name}(…)`",
            "make": "construct a value of it, or name one of its variants",
            "role": "check it with `caller_has_role({name})`",
            "proposal": "call one of its functions: `{name}.open(…)`; pass one as `x => "
            "{name}.get(x)`",
        },
    ),
    Template(
        code="CCL0209",
        title="expected a function",
        label="cannot be called",
        help="remove the `(…)`, or call a function by its name",
    ),
    Template(
        code="CCL0210",
        title="{struct} has no field `{name}`",
        label="unknown field",
        help="did you mean `{nearest}`?",
        advice={
            "fields": "available fields: {known}",
            "twice": "`{nearest}` is given too: remove one of them",
        },
    ),
    Template(
        code="CCL0211",
        title="`{name}` is given twice",
        label="given again here",
        help="remove one of them",
    ),
    Template(
        code="CCL0212",
        title="recursive type {name} has infinite size",
        label="recursive without indirection",
        help="put an Array, a Map or an Option in between to break the cycle",
    ),
    Template(
        code="CCL0213",
        title="constant `{name}` depends on itself",
        label="closes the cycle",
        help="give one of the constants a value of its own",
    ),
    Template(
        code="CCL0214",
        title="`{name}` is an entry of the charter, not a variable",
        label="not found in this scope",
        help="write `charter.{name}`",
    ),
    Template(
        code="CCL0215",
        title="{enum} has no variant `{name}`",
        label="unknown variant",
        help="did you mean `{nearest}`?",
        advice={"variants": "available variants: {known}"},
    ),
    Template(
        code="CCL0216",
        title="`ctx` is not available outside of a handler",
        label="a parameter of handlers only",
        help="add a parameter `ctx: Data`, and pass it from the handler",
    ),
    Template(
        code="CCL0220",
        title="`{name}` is already declared in the base contract",
        label="redeclared here",
        help="add `override` to replace the inherited one, or rename it",
    ),
    Template(
        code="CCL0221",
        title="no inherited `{name}` to override",
        label="nothing to override",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0222",
        title="unknown contract `{name}`",
        label="no contract of this name",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0223",
        title="`{name}` extends itself",
        label="closes the cycle",
        help="remove one `extends` of the cycle",
    ),
    Template(
        code="CCL0224",
        title="code is not allowed in a rule of the charter",
        label="would be declared conditionally",
        help="move it out of the rule, and test the condition inside",
    ),
    Template(
        code="CCL0225",
        title="unknown role `{name}`",
        label="no role of this name",
        help="did you mean `{nearest}`?",
        advice={
            "declare": "declare it: `role {name} {{ … }}`",
            "written": "name a role",
        },
    ),
    Template(
        code="CCL0226",
        title="the name of a {what} must be an identifier",
        label="not an identifier",
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
        title="`{what}` is only allowed at the top level of a file",
        label="not at the top level",
        help="move it out of the section",
    ),
    Template(
        code="CCL0229",
        title='the {what} "{path}" is outside of the project',
        label="outside of the project",
        help="move the file into the project, or allow its folder: `--allow-path {allow}`",
        advice={
            "around": "make the folder around both the project with `touch {around}/ccl.toml`, "
            "or allow the other folder: `--allow-path {allow}`",
        },
    ),
    Template(
        code="CCL0230",
        title="two contracts or files store their state under one name, `{home}`",
        label="stored under `{home}`",
        help="rename one of them",
    ),
    Template(
        code="CCL0217",
        title="`let` cannot shadow the state variable `{name}`",
        label="shadows the state variable",
        help="choose another name, or remove the `let` to assign the state",
    ),
    Template(
        code="CCL0218",
        title="initial value of `{name}` depends on the state `{other}`",
        label="state variables have no order of initialization",
        help="use an initial value without state, and set it in a function",
    ),
    Template(
        code="CCL0219",
        title="`migrate` has the wrong signature",
        label="expected one parameter of type Data and no result",
        help="write `fn migrate(old: Data) {{ … }}`, or rename the function",
    ),
)
