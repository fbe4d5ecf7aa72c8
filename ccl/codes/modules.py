"""CCL07xx: modules and packaging."""

from typing import Final

from ccl.codes.template import Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0701",
        title="a program has one `execution`",
        label="a second one",
        help="put both into one block, or move this one into a function",
    ),
    Template(
        code="CCL0702",
        title="`execution` and `fn run` are both the program's entry",
        label="the second entry",
        help="keep one of them",
    ),
    Template(
        code="CCL0703",
        title='the module "{path}" cannot be packed: {reason}',
        label="packed along here",
        help="name a CCL file, relative to this one",
    ),
    Template(
        code="CCL0704",
        title='the module "{path}" would contain itself',
        label="this closes the circle",
        help="submit it by its CID",
    ),
    Template(
        code="CCL0706",
        title="`module` needs a plain path",
        label="not a string literal",
        help='write for instance `module("./count.ccl")`',
    ),
)
