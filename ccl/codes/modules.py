"""CCL07xx: modules and packaging."""

from typing import Final

from ccl.codes.template import Template

TEMPLATES: Final[tuple[Template, ...]] = ()
