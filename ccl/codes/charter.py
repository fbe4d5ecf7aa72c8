"""CCL03xx: charter and schema."""

from typing import Final

from ccl.codes.template import Severity, Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0301",
        title="the key `{key}` is set twice",
        label="set again here",
        help="leave one of them out, or give the sections different labels",
    ),
    Template(
        code="CCL0302",
        title="unknown key `{key}` in `{section}`",
        label="no such key",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0303",
        title="`{section}` does not know the key `{key}`",
        label="kept in the charter, used by nothing",
        help="known keys: {known}",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0304",
        title="`{section}.{key}` must be {expected}, found {found}",
        label="not {expected}",
    ),
    Template(
        code="CCL0305",
        title="`{section}.{key}` must be {expected}",
        label="this is {found}",
    ),
    Template(
        code="CCL0307",
        title="unknown constant `{name}`",
        label="no constant has this name",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0308",
        title="the charter has no `{path}`",
        label="not declared",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0309",
        title="`{name}` is given twice with different values: {here} here, {there} in the charter",
        label="this says {here}",
        help="leave it out here, or change the charter",
    ),
    Template(
        code="CCL0310",
        title="`{literal}` under `{key}` means minutes",
        label="`m` is minutes",
        help="write months as days: `{days}`",
        severity=Severity.WARNING,
    ),
    Template(
        code="CCL0312",
        title='article "{number}" does not exist',
        label="cited here",
        help='did you mean article "{nearest}"?',
    ),
    Template(
        code="CCL0313",
        title="`{name}` stands for several sections",
        label="which of them is open",
        help="give the sections different keys to read them from code",
    ),
    Template(
        code="CCL0314",
        title="{what} cannot be read from code",
        label="a value is needed here",
        help="name one value inside it",
    ),
)
