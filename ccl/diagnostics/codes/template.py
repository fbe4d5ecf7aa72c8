"""The wording of one diagnostic code."""

from collections.abc import Mapping
from enum import Enum

from ccl.support.node import Node, field


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


class Template(Node, frozen=True, kw_only=True):
    """`{name}` in title, label and help is replaced by a fact of the diagnostic.

    title: the problem, without a full stop. label: a short phrase under the caret. help: the fix,
    or None if the label and the fixes show it. A label or help whose fact is absent is omitted, so
    that `did you mean {nearest}?` appears only with a suggestion; the title needs all of its facts.
    advice: the help for each value of the fact `advice`; it replaces `help`.
    """

    code: str
    title: str
    label: str = ""
    help: str | None = None
    advice: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = Severity.ERROR
