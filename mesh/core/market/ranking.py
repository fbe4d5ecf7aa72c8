"""The ranking of bids by a submitter: which can be awarded, and which is best.

Rule: scores are exact integers in parts per million; equal scores are ordered by price, estimate
and DID, so that everyone ranks alike.
"""

from collections.abc import Collection, Iterable
from enum import Enum
from typing import Final

from msgspec import Struct

from mesh.core.fields import MICRO
from mesh.core.market.capabilities import constraint_text, constraints_of, first_unsatisfied
from mesh.core.market.credentials import Shown, first_lacking
from mesh.core.records.jobs import JobManifest
from mesh.core.records.market import Bid
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed

_PERCENT: Final = MICRO // 100


class BidFault(Enum):
    """Why a bid cannot be awarded, in the order it is checked."""

    OTHER_JOB = "it is for another job"
    EXPIRED = "it has expired"
    UNITS = "it is for more units than the job's ceiling"
    BUDGET = "its price is over the budget"
    LOCATION = "its location is not one of those asked for"
    ENGINE = "its engine is not the one asked for"
    FEATURES = "it lacks a capability that the job asks for"
    CREDENTIALS = "it lacks a credential that the job asks for"
    REPUTATION = "its reputation is below the least that the job asks for"


class BidRefusal(Struct, frozen=True, kw_only=True):
    """detail: what was found and what is asked for."""

    fault: BidFault
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.fault.value} ({self.detail})" if self.detail else self.fault.value


class Candidate(Struct, frozen=True, kw_only=True):
    """A bid with what the submitter itself knows of the bidder.

    reputation: 0 to 100, by its own evidence. credentials: those of the bid that it has read and
    that are in force.
    """

    bid: Signed[Bid]
    reputation: int
    credentials: Shown


class Ranked(Struct, frozen=True, kw_only=True):
    """A candidate with its score in parts per million, and what it is made of."""

    candidate: Candidate
    score_ppm: int
    price_ppm: int
    match_ppm: int
    reputation_ppm: int
    timeliness_ppm: int


def bid_refusal(
    candidate: Candidate, manifest: Signed[JobManifest], *, issuers: Collection[Did], now: int
) -> BidRefusal | None:
    """Why a bid cannot be awarded, whatever the others are; None if it can. issuers: of the mesh,
    whose credentials count where the manifest names none."""
    bid, wanted = candidate.bid.body, manifest.body
    if bid.job != manifest.cid:
        return BidRefusal(fault=BidFault.OTHER_JOB)
    if now >= bid.expires_at:
        return BidRefusal(fault=BidFault.EXPIRED)
    if bid.units > wanted.resource_amount:
        return _refusal(BidFault.UNITS, bid.units, wanted.resource_amount)
    if bid.price > wanted.budget:
        return _refusal(BidFault.BUDGET, bid.price, wanted.budget)
    if wanted.trust.locations and bid.location not in wanted.trust.locations:
        return _refusal(BidFault.LOCATION, bid.location, ", ".join(wanted.trust.locations))
    if wanted.engine is not None and bid.engine.text != wanted.engine:
        return _refusal(BidFault.ENGINE, bid.engine.text, wanted.engine)
    unsatisfied = first_unsatisfied(bid.capabilities, wanted.requirements)
    if unsatisfied is not None:
        return BidRefusal(fault=BidFault.FEATURES, detail=constraint_text(unsatisfied))
    givers = wanted.accepted_issuers or issuers
    lacking = first_lacking(wanted.trust.required_credentials, candidate.credentials, givers)
    if lacking is not None:
        return BidRefusal(fault=BidFault.CREDENTIALS, detail=lacking)
    if candidate.reputation < wanted.trust.min_reputation:
        return _refusal(BidFault.REPUTATION, candidate.reputation, wanted.trust.min_reputation)
    return None


def rank(
    candidates: Iterable[Candidate],
    manifest: Signed[JobManifest],
    *,
    issuers: Collection[Did],
    now: int,
    avoid: Collection[Did] = (),
) -> tuple[Ranked, ...]:
    """The bids that can be awarded, best first; those of `avoid` (who lost an attempt) last.

    Score = 0.4 price + 0.2 resource match + 0.3 reputation + 0.1 timeliness. Price and timeliness
    are those of the best bid divided by this one's; the match is the share of capabilities that
    were asked for among those offered, and of what need not be fetched.
    """
    able = [
        each for each in candidates if bid_refusal(each, manifest, issuers=issuers, now=now) is None
    ]
    if not able:
        return ()
    best = _Best(
        price=min(each.bid.body.price for each in able),
        seconds=min(each.bid.body.estimated_seconds for each in able),
        missing_bytes=max(each.bid.body.missing_bytes for each in able),
    )
    ranked = [_score(each, manifest.body, best) for each in able]
    return tuple(
        sorted(ranked, key=lambda each: (each.candidate.bid.signer in avoid, _order(each)))
    )


class _Best(Struct, frozen=True, kw_only=True):
    """The least price and estimate of all bids, and the most that one has to fetch."""

    price: int
    seconds: int
    missing_bytes: int


def _refusal(fault: BidFault, found: object, allowed: object) -> BidRefusal:
    return BidRefusal(fault=fault, detail=f"{found}, asked for {allowed}")


def _score(candidate: Candidate, manifest: JobManifest, best: _Best) -> Ranked:
    bid = candidate.bid.body
    asked = len({each.name for each in constraints_of(manifest.requirements)})
    fit = MICRO * (1 + asked) // (1 + max(asked, len(bid.capabilities)))
    most = best.missing_bytes
    near = MICRO if most == 0 else MICRO * (most - bid.missing_bytes) // most
    price_ppm = _ratio(best.price, bid.price)
    match_ppm = (fit + near) // 2
    reputation_ppm = candidate.reputation * _PERCENT
    timeliness_ppm = _ratio(best.seconds, bid.estimated_seconds)
    score = 4 * price_ppm + 2 * match_ppm + 3 * reputation_ppm + timeliness_ppm
    return Ranked(
        candidate=candidate,
        score_ppm=score // 10,
        price_ppm=price_ppm,
        match_ppm=match_ppm,
        reputation_ppm=reputation_ppm,
        timeliness_ppm=timeliness_ppm,
    )


def _ratio(best: int, own: int) -> int:
    return MICRO if own == 0 else MICRO * best // own


def _order(ranked: Ranked) -> tuple[int, int, int, str, Cid]:
    signed = ranked.candidate.bid
    bid = signed.body
    return (-ranked.score_ppm, bid.price, bid.estimated_seconds, signed.signer, signed.cid)
