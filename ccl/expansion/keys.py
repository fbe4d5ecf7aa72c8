"""The keys of roles and proposals: a slip is an error, what is not known is kept.

As for the charter's schemas, another key of a proposal is remarked on; a role may say whatever
a document wants to say about it.
"""

from ccl import ast
from ccl.abi.suggest import distance, nearest
from ccl.diagnostics import Edit, Fix, Sink
from ccl.schema import SLIP_DISTANCE_MAX
from ccl.source import Span

ROLE_KEYS = ("requires", "description")
PROPOSAL_KEYS = (
    "title",
    "description",
    "electorate",
    "voting_period",
    "quorum",
    "threshold",
    "parameters",
    "execution",
)


def is_section(item: ast.Item, word: str) -> bool:
    """`word Name { … }`: with a name, not with a text, as documents head their own sections."""
    return (
        isinstance(item, ast.Section)
        and item.key.text == word
        and not item.key.quoted
        and isinstance(item.value, ast.Name)
    )


def check_key(key: ast.Key, section: str, known: tuple[str, ...], sink: Sink) -> None:
    """Report a key that is not known, and what it was perhaps to be."""
    if key.text in known:
        return
    near = nearest(key.text, known)
    if near is not None and distance(key.text, near, SLIP_DISTANCE_MAX) <= SLIP_DISTANCE_MAX:
        sink.report(
            "CCL0302",
            key.span,
            key=key.text,
            section=section,
            nearest=near,
            fixes=(Fix(f"write `{near}`", (Edit(key.span, near),)),),
        )
    elif known is PROPOSAL_KEYS:
        told = ", ".join(f"`{each}`" for each in known)
        sink.report("CCL0303", key.span, key=key.text, section=section, known=told)


def refuse(sink: Sink, key: ast.Key, span: Span, expected: str, found: str | None = None) -> None:
    """A value of a proposal that is not what its key needs."""
    sink.report("CCL0305", span, section="proposal", key=key.text, expected=expected, found=found)
