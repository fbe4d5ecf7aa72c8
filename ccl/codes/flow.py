"""CCL05xx: control flow and matching."""

from typing import Final

from ccl.codes.template import Template

TEMPLATES: Final[tuple[Template, ...]] = ()
