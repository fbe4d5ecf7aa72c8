"""CCL06xx: resources and limits."""

from typing import Final

from ccl.codes.template import Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0601",
        title="nested too deeply: the limit is {limit} levels",
        label="one level too many",
        help="split it: name parts of it with `let`, or move parts into functions",
    ),
)
