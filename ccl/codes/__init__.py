"""Every diagnostic code and its wording; the only place that writes prose for diagnostics.

`pages/CODE.md` beside this explains a code with a wrong and a right example.
"""

from collections.abc import Mapping
from typing import Final

from ccl.codes import charter, flow, limits, modules, names, style, syntax, types
from ccl.codes.template import Severity, Template

TEMPLATES: Final[Mapping[str, Template]] = {
    template.code: template
    for table in (syntax, names, charter, types, flow, limits, modules, style)
    for template in table.TEMPLATES
}


def severity_of(code: str) -> Severity:
    """Raises KeyError for a code that does not exist."""
    return TEMPLATES[code].severity
