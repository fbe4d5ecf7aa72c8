"""CCL06xx: resources and limits."""

from typing import Final

from ccl.diagnostics.codes.template import Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0601",
        title="nested too deeply: the limit is {limit} levels",
        label="exceeds the limit",
        help="split it: name parts of it with `let`, or move parts into functions",
        advice={
            "sections": "move inner sections out, each under a key of its own, and join conditions "
            "with `&&`",
            "rules": "write a rule of its own for each condition",
            "values": "split it: name parts of it with `const`",
            "extends": "extend a contract that is nearer to the start of the chain",
            "constants": "shorten it, or build the value in a function",
            "chain": "use `match`, or leave the function early with `return`",
        },
    ),
    Template(
        code="CCL0602",
        title="`{name}` must be positive, found {value}",
        label="not positive",
        help="write a number greater than 0",
    ),
    Template(
        code="CCL0603",
        title="description is too long: {size} bytes, the limit is {limit}",
        label="too long",
        help="shorten the description, and put details into the input",
    ),
    Template(
        code="CCL0604",
        title="reached the limit of {limit} generic instances",
        label="instantiated here",
        help="remove the recursion with ever larger types",
    ),
    Template(
        code="CCL0605",
        title="limit exceeded: {reason}",
        label="{place}",
        help='remove unused parts, or compile some as modules of their own: `module("./part.ccl")`',
        advice={
            "parameters": "group them in a struct",
            "captured": "group the captured variables in a struct or an array",
            "function": "split it into smaller functions",
            "name": "choose a shorter name",
            "shape": "simplify the type, or move a part of the state into another contract",
        },
    ),
)
