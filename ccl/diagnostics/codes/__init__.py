"""Every diagnostic code and its wording; the only place with the prose of diagnostics.

`pages/CODE.md` explains a code with a wrong and a right example.
"""

import re
from collections.abc import Mapping
from typing import Final

from ccl.diagnostics.codes import charter, flow, limits, modules, names, style, syntax, types
from ccl.diagnostics.codes.template import Severity, Template

TEMPLATES: Final[Mapping[str, Template]] = {
    template.code: template
    for table in (syntax, names, charter, types, flow, limits, modules, style)
    for template in table.TEMPLATES
}


def severity_of(code: str) -> Severity:
    """Raises KeyError for a code that does not exist."""
    return TEMPLATES[code].severity


def full_code(text: str) -> str:
    """Normalizes `0401`, `ccl401`, `CCL-0401` and `error[CCL0401]` to `CCL0401`."""
    digits = re.fullmatch(r"(?:error|warning)?\[?(?:ccl)?[-_ ]?0*(\d{1,4})\]?", text.strip(), re.I)
    return f"CCL{int(digits[1]):04d}" if digits else text.strip().upper()
