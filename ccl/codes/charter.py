"""CCL03xx: charter and schema."""

from typing import Final

from ccl.codes.template import Template

TEMPLATES: Final[tuple[Template, ...]] = ()
