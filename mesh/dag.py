"""The DAG of anchors: each member's own chain, linked to the heads of others it has seen.

A chain is append-only: two different records for one sequence number prove that their signer
equivocates. A member commits its next link to its own store before it publishes it.
"""

from collections.abc import Iterable
from typing import Final

from mesh.core.findings import Fault, Finding, differing
from mesh.ports import Head
from mesh.records import Anchor
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed

OTHER_HEADS_MAX: Final = 8


def next_anchor(
    receipt: Cid, head: Head | None, others: Iterable[tuple[Did, Head]], member: Did
) -> Anchor:
    """The next link of `member`'s chain, whose end is `head`.

    Others' ends are taken in as parents, the longest chains first, so that what they have
    anchored is dated by this link too.
    """
    seen = sorted(
        (each for did, each in others if did != member),
        key=lambda each: (-each.sequence, each.record),
    )
    own = () if head is None else (head.record,)
    return Anchor(
        receipt=receipt,
        parents=own + tuple(each.record for each in seen[:OTHER_HEADS_MAX]),
        sequence=1 if head is None else head.sequence + 1,
    )


def check_anchor(
    anchor: Signed[Anchor],
    *,
    receipt: Cid,
    executor: Did,
    head: Head | None,
    same_place: Cid | None = None,
) -> tuple[Finding, ...]:
    """What speaks against adding an anchor to its signer's chain, whose end is `head`.

    same_place: the record already known for this signer and sequence number, if any. The
    same record again is accepted; the caller sees by `same_place` that nothing is to be added.
    """
    body = anchor.body
    findings = differing(
        "anchor",
        (Fault.OTHER_RECEIPT, body.receipt, receipt),
        (Fault.NOT_THE_EXECUTORS, anchor.signer, executor),
    )
    if same_place == anchor.cid:
        return findings
    if same_place is not None:
        detail = f"sequence {body.sequence}: {same_place} and {anchor.cid}"
        equivocation = Finding(fault=Fault.EQUIVOCATION, subject="anchor", detail=detail)
        return (*findings, equivocation)
    expected = 1 if head is None else head.sequence + 1
    findings += differing("anchor", (Fault.WRONG_SEQUENCE, body.sequence, expected))
    if head is not None and (not body.parents or body.parents[0] != head.record):
        findings += (Finding(fault=Fault.WRONG_PARENT, subject="anchor"),)
    return findings
