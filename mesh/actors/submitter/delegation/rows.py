"""Rows of delegated awards, on both sides."""

from typing import Final

from msgspec import Struct

from mesh.core.fields import NodeIdField
from mesh.core.ports.tables import Table
from runtime.content.cid import Cid
from runtime.content.did import Did


class HandedOverRow(Struct, frozen=True, kw_only=True):
    """A job whose bids were offered to its delegate, in a round of bidding. own_at: when the
    submitter awards by itself, in milliseconds of `boot`."""

    manifest: Cid
    round: int
    own_at: int
    boot: str


class OfferedBidRow(Struct, frozen=True, kw_only=True):
    """A bid for another's job, which this submitter may award. award: that was signed for it;
    is_refused: by the issuer."""

    bid: Cid
    manifest: Cid
    owner: Did
    node_id: NodeIdField
    attempt: int
    context: Cid
    award: Cid | None = None
    is_refused: bool = False


class OfferedJobRow(Struct, frozen=True, kw_only=True):
    """Another's job. lost_by: who has lost an attempt. award_at: when its best bid is awarded, in
    milliseconds of `boot`; None where that was done, or is left to the user."""

    manifest: Cid
    attempt: int
    lost_by: tuple[Did, ...]
    award_at: int | None
    boot: str


HANDED_OVER: Final = Table(name="jobs_handed_over", row=HandedOverRow, key=("manifest",))
OFFERED_BIDS: Final = Table(
    name="bids_offered",
    row=OfferedBidRow,
    key=("bid",),
    indexes=(("manifest",), ("award",)),
)
OFFERED_JOBS: Final = Table(
    name="jobs_offered", row=OfferedJobRow, key=("manifest",), indexes=(("award_at",),)
)
