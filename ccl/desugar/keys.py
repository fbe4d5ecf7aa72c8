"""Keys of roles and proposals. A misspelt key is an error, an unknown one is kept.

As for the charter's schemas, an unknown key of a proposal is a warning; a role may have any.
"""

from ccl.abi.text.suggest import distance, nearest
from ccl.diagnostics.fixes import spelling_fix
from ccl.diagnostics.model import Sink
from ccl.prelude.schemas import SLIP_DISTANCE_MAX
from ccl.source.spans import Span
from ccl.syntax import ast

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
    """Returns whether an item is `word Name { … }`, with a name; documents head their sections with
    texts."""
    return (
        isinstance(item, ast.Section)
        and item.key.text == word
        and not item.key.quoted
        and isinstance(item.value, ast.Name)
    )


def keys_in(section: ast.Section) -> frozenset[str]:
    """Returns the keys that the entries of a role or proposal set."""
    keyed = (each for each in section.entries if isinstance(each, ast.Entry | ast.Section))
    return frozenset(each.key.text for each in keyed)


def check_key(
    key: ast.Key, section: str, known: tuple[str, ...], given: frozenset[str], sink: Sink
) -> None:
    """Reports an unknown key, with a similar one; `given`: the keys around it."""
    if key.text in known:
        return
    near = nearest(key.text, known)
    if near is not None and distance(key.text, near, SLIP_DISTANCE_MAX) <= SLIP_DISTANCE_MAX:
        fixes, advice = spelling_fix(key.span, near, given)
        sink.report(
            "CCL0302",
            key.span,
            key=key.text,
            section=section,
            nearest=near,
            advice=advice,
            fixes=fixes,
        )
    elif known is PROPOSAL_KEYS:
        listed = ", ".join(f"`{each}`" for each in known)
        sink.report("CCL0303", key.span, key=key.text, section=section, known=listed)


def refuse(sink: Sink, key: ast.Key, span: Span, expected: str, found: str | None = None) -> None:
    """Reports a value of a proposal that its key does not take."""
    sink.report("CCL0305", span, section="proposal", key=key.text, expected=expected, found=found)
