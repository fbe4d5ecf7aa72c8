"""CCL04xx: types."""

from typing import Final

from ccl.codes.template import Template

TEMPLATES: Final[tuple[Template, ...]] = ()
