"""The wording of one diagnostic code."""

from collections.abc import Mapping
from enum import Enum

from ccl.support.node import Node, field


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


class Template(Node, frozen=True, kw_only=True):
    """`{name}` in title, label and help is filled in from the diagnostic's facts.

    title: one sentence without a full stop, what is wrong. label: a short phrase under the
    caret. help: the next step, or None where the fix says it. A label or help that needs a
    fact which the diagnostic does not have is left out, so that `did you mean {nearest}?`
    appears only where there is a suggestion; the title needs all of its facts.
    advice: the help for each value of the fact `advice`; it goes before `help`.
    """

    code: str
    title: str
    label: str = ""
    help: str | None = None
    advice: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = Severity.ERROR
