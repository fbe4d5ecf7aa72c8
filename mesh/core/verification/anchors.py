"""The chains of anchors: each member's own, linked to the heads of others that it has seen.

Rule: a chain is append-only; two records of one signer for one sequence number prove that it
equivocates. A member stores its next link before it publishes it.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from mesh.core.findings import Fault, Finding, differing
from mesh.core.records.work import Anchor
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed

OTHER_HEADS_MAX: Final = 8


class Head(Struct, frozen=True, kw_only=True):
    """The end of one chain: the sequence number and CID of its newest anchor."""

    sequence: int
    anchor: Cid


def next_anchor(
    receipt: Cid, head: Head | None, others: Iterable[tuple[Did, Head]], member: Did
) -> Anchor:
    """The next link of `member`'s chain, whose end is `head`.

    Others' ends become parents, the longest chains first, so that this link dates what they have
    anchored.
    """
    seen = sorted(
        (each for did, each in others if did != member),
        key=lambda each: (-each.sequence, each.anchor),
    )
    own = () if head is None else (head.anchor,)
    return Anchor(
        receipt=receipt,
        parents=own + tuple(each.anchor for each in seen[:OTHER_HEADS_MAX]),
        sequence=1 if head is None else head.sequence + 1,
    )


def check_anchor(anchor: Signed[Anchor], *, receipt: Cid, executor: Did) -> tuple[Finding, ...]:
    """What speaks against an anchor of a receipt, whatever is known of the chain."""
    return differing(
        "anchor",
        (Fault.OTHER_RECEIPT, anchor.body.receipt, receipt),
        (Fault.NOT_THE_EXECUTORS, anchor.signer, executor),
    )
