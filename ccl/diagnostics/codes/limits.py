"""CCL06xx: resources and limits."""

from typing import Final

from ccl.diagnostics.codes.template import Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0601",
        title="nested too deeply: the limit is {limit} levels",
        label="one level too many",
        help="split it: name parts of it with `let`, or move parts into functions",
        advice={
            "sections": "move inner sections out, each under a key of its own, and join conditions "
            "with `&&`",
            "rules": "write a rule of its own for each condition",
            "values": "split it: name parts of it with `const`",
            "extends": "let it extend one that is nearer to the first of them",
            "constants": "name less within it, or make it where it is used, in a function",
            "chain": "decide with `match`, or leave a function early with `return`",
        },
    ),
    Template(
        code="CCL0602",
        title="`{name}` must be more than 0, found {value}",
        label="nothing can be done with {value}",
        help="give a positive number",
    ),
    Template(
        code="CCL0603",
        title="the description has {size} bytes, the limit is {limit}",
        label="too long",
        help="keep the description short, and put the rest into the input",
    ),
    Template(
        code="CCL0604",
        title="generic declarations need more than {limit} instances",
        label="this needs one more",
        help="remove the recursion with ever larger types",
    ),
    Template(
        code="CCL0605",
        title="over a limit: {reason}",
        label="{place}",
        help="leave out what is not needed, or compile parts as modules of their own: "
        '`module("./part.ccl")`',
        advice={
            "parameters": "declare a struct with them, and take that",
            "captured": "keep the variables that it uses in a struct or an array",
            "function": "split it into smaller functions",
            "name": "give it another name",
            "shape": "keep less in it, and some of it in a contract of its own",
        },
    ),
)
