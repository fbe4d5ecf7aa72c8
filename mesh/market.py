"""The market: who may bid, at what price, and which bid is best.

Prices and scores are exact integers: rates in millionths of a token, loads and scores in
parts per million. A node says why it does not bid; the first reason in a fixed order counts.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from msgspec import Struct

from mesh.core.fields import MICRO, REASON_BYTES_MAX, NodeId
from mesh.records import Bid, Decline, DeclineReason, JobManifest
from mesh.reputation import Reputation
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import cut
from runtime.execution.context import FUEL_PER_UNIT
from runtime.identity.signed import Signed
from runtime.tokens.assessment import evaluate
from runtime.tokens.policy import Allowed, Rule, Usage

BID_SECONDS: Final = 3600
"""How long a bid is good for, unless the job expires earlier."""
DOUBLING_SECONDS: Final = 60
"""With so much awarded work still to be done, a node is twice as loaded as an idle one."""


class NodeState(Struct, frozen=True, kw_only=True):
    """What a node knows of itself when it is asked for a bid.

    rates: tokens per unit in millionths, by resource type. surcharge_ppm: what its operator
    adds to every price, in millionths of it. fuel_per_second: measured, times the share of a
    core that it promises. queued_fuel: awarded, not yet executed. credentials: names the node
    holds, by who gave them. accepted_issuers: whose tokens it takes. policy, usage: its own
    rule for the job's resource, and what the submitter has used under it.
    """

    did: Did
    node_id: NodeId
    location: str
    capabilities: frozenset[str]
    memory_bytes: int
    cpu_cores: int
    storage_bytes: int
    rates: Mapping[str, int]
    surcharge_ppm: int
    fuel_per_second: int
    queued_fuel: int
    running: int
    running_max: int
    engine: str
    accepted_issuers: frozenset[Did]
    credentials: Mapping[str, frozenset[Did]]
    policy: Rule
    usage: Usage

    @property
    def load_ppm(self) -> int:
        """1 000 000 when idle."""
        return load_of(self.queued_fuel, self.fuel_per_second)


class Enquiry(Struct, frozen=True, kw_only=True):
    """A published job as a node sees it.

    issuer: of the token that pays. credential_issuers: whose credentials count where the
    manifest names none. bound_units: the worst case in `ccl:bounds`, None where the work is
    not bounded. missing_bytes: of module and input, not yet at the node. unfit: why the module
    cannot be executed, or its entry not be called with the arguments; None if it can.
    """

    manifest: Signed[JobManifest]
    issuer: Did
    credential_issuers: frozenset[Did]
    bound_units: int | None
    missing_bytes: int
    unfit: str | None = None


def price_of(units: int, rate_micro: int, load_ppm: int) -> int:
    """⌈units × rate_micro × load_ppm / 10¹²⌉ tokens."""
    return -(-units * rate_micro * load_ppm // (MICRO * MICRO))


def load_of(queued_fuel: int, fuel_per_second: int) -> int:
    """1 000 000 for a node with nothing to do, as much again for each minute of waiting work."""
    return MICRO + MICRO * queued_fuel // (max(1, fuel_per_second) * DOUBLING_SECONDS)


def units_of(manifest: JobManifest, bound_units: int | None) -> int:
    """Units to price: the bound where it holds, else the ceiling; never more than that."""
    if bound_units is None:
        return manifest.resource_amount
    return max(1, min(bound_units, manifest.resource_amount))


def fuel_of(units: int) -> int:
    """The fuel limit of so many units, the same for executor and verifiers."""
    return min(units * FUEL_PER_UNIT, INTEGER_MAX)


def estimate_seconds(node: NodeState, fuel: int) -> int:
    """Seconds until the work would be done: what is queued, and the work."""
    return max(1, -(-(node.queued_fuel + fuel) // max(1, node.fuel_per_second)))


def appraise(node: NodeState, enquiry: Enquiry, now: int) -> Bid | Decline:
    """The node's answer to a published job: a bid, or the first reason against one."""
    manifest, job = enquiry.manifest.body, enquiry.manifest.cid
    units = units_of(manifest, enquiry.bound_units)
    rate_micro = node.rates.get(manifest.resource_type.value, 0)
    factor_ppm = node.load_ppm * (MICRO + node.surcharge_ppm) // MICRO
    price = price_of(units, rate_micro, factor_ppm)
    seconds = estimate_seconds(node, fuel_of(units))
    against = _reason_against(node, enquiry, units=units, price=price, seconds=seconds, now=now)
    if against is not None:
        reason, detail = against
        detail = cut(detail, REASON_BYTES_MAX)
        return Decline(job=job, node_id=node.node_id, reason=reason, detail=detail)
    return Bid(
        job=job,
        node_id=node.node_id,
        price=price,
        units=units,
        estimated_seconds=seconds,
        location=node.location,
        capabilities=tuple(sorted(node.capabilities)),
        missing_bytes=enquiry.missing_bytes,
        expires_at=min(now + BID_SECONDS, manifest.expires_at),
    )


def _reason_against(
    node: NodeState, enquiry: Enquiry, *, units: int, price: int, seconds: int, now: int
) -> tuple[DeclineReason, str] | None:
    manifest = enquiry.manifest.body
    needs, trust = manifest.requirements, manifest.trust
    if enquiry.unfit is not None:
        return DeclineReason.MODULE, enquiry.unfit
    for name, needed, has in (
        ("memory_bytes", needs.memory_bytes, node.memory_bytes),
        ("cpu_cores", needs.cpu_cores, node.cpu_cores),
        ("storage_bytes", needs.storage_bytes, node.storage_bytes),
    ):
        if needed > has:
            return DeclineReason.REQUIREMENTS, f"{name} {needed} asked for, {has} here"
    if manifest.resource_type.value not in node.rates:
        return DeclineReason.REQUIREMENTS, f"{manifest.resource_type.value} is not offered here"
    if lacking := [name for name in needs.features if name not in node.capabilities]:
        return DeclineReason.FEATURES, f"not here: {', '.join(lacking)}"
    if trust.locations and node.location not in trust.locations:
        wanted = ", ".join(trust.locations)
        return DeclineReason.LOCATION, f"{wanted} asked for, this is {node.location}"
    givers = frozenset(manifest.accepted_issuers) or enquiry.credential_issuers
    for name in trust.required_credentials:
        if not givers & node.credentials.get(name, frozenset()):
            return DeclineReason.TRUST, f"no credential {name!r} of an issuer that counts"
    if enquiry.issuer not in node.accepted_issuers:
        return DeclineReason.ISSUER, f"tokens of {enquiry.issuer} are not taken here"
    if manifest.engine is not None and manifest.engine != node.engine:
        return DeclineReason.ENGINE, f"{manifest.engine} asked for, {node.engine} here"
    verdict = evaluate(
        node.policy,
        subject=enquiry.manifest.signer,
        amount=units,
        usage=node.usage,
        now=now,
    )
    if not isinstance(verdict, Allowed):
        return DeclineReason.POLICY, f"{verdict.reason.value}; {verdict.available} units available"
    if node.running >= node.running_max:
        return DeclineReason.CAPACITY, f"{node.running} of {node.running_max} places taken"
    if seconds > needs.max_seconds:
        return DeclineReason.CAPACITY, f"{seconds} s expected, {needs.max_seconds} s allowed"
    if price > manifest.budget:
        return DeclineReason.BUDGET, f"the price is {price}, the budget {manifest.budget}"
    return None


class Candidate(Struct, frozen=True, kw_only=True):
    """A bid with what the awarder's own evidence says of the bidder."""

    bid: Signed[Bid]
    reputation: Reputation


class Ranked(Struct, frozen=True, kw_only=True):
    """A candidate with its score in parts per million, and what it is made of."""

    candidate: Candidate
    score_ppm: int
    price_ppm: int
    match_ppm: int
    reputation_ppm: int
    timeliness_ppm: int


def bid_fault(candidate: Candidate, manifest: Signed[JobManifest], now: int) -> str | None:
    """Why a bid cannot be awarded, whatever the others are; None if it can."""
    bid, wanted = candidate.bid.body, manifest.body
    if bid.job != manifest.cid:
        return "it is for another job"
    if now >= bid.expires_at:
        return "it has expired"
    if bid.units > wanted.resource_amount:
        return f"it is for {bid.units} units, the ceiling is {wanted.resource_amount}"
    if bid.price > wanted.budget:
        return f"its price is {bid.price}, the budget {wanted.budget}"
    if wanted.trust.locations and bid.location not in wanted.trust.locations:
        return f"its location is {bid.location}"
    if candidate.reputation.score < wanted.trust.min_reputation:
        return (
            f"its reputation is {candidate.reputation.score}, "
            f"{wanted.trust.min_reputation} is the least"
        )
    return None


def rank(
    candidates: Iterable[Candidate],
    manifest: Signed[JobManifest],
    now: int,
    *,
    avoid: Collection[Did] = (),
) -> tuple[Ranked, ...]:
    """The bids that can be awarded, best first; those of `avoid` (who lost an attempt) last.

    Score = 0.4 price + 0.2 resource match + 0.3 reputation + 0.1 timeliness. Price and
    timeliness are those of the best bid divided by this one's; the match is the share of
    features that were asked for among those offered, and of what need not be fetched. Ties:
    lower price, shorter estimate, then the DID.
    """
    able = [each for each in candidates if bid_fault(each, manifest, now) is None]
    if not able:
        return ()
    least_price = min(each.bid.body.price for each in able)
    least_seconds = min(each.bid.body.estimated_seconds for each in able)
    most_missing = max(each.bid.body.missing_bytes for each in able)
    ranked = [
        _score(each, manifest.body, least_price, least_seconds, most_missing) for each in able
    ]
    return tuple(
        sorted(ranked, key=lambda each: (each.candidate.bid.signer in avoid, _order(each)))
    )


def _score(
    candidate: Candidate, manifest: JobManifest, price: int, seconds: int, missing: int
) -> Ranked:
    bid = candidate.bid.body
    asked = len(frozenset(manifest.requirements.features))
    fit = MICRO * (1 + asked) // (1 + max(asked, len(bid.capabilities)))
    near = MICRO if missing == 0 else MICRO * (missing - bid.missing_bytes) // missing
    price_ppm = _ratio(price, bid.price)
    match_ppm = (fit + near) // 2
    reputation_ppm = candidate.reputation.score * (MICRO // 100)
    timeliness_ppm = _ratio(seconds, bid.estimated_seconds)
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
