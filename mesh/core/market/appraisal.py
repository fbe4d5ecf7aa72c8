"""The appraisal of a job by a node: a bid, or the first reason against one.

Rule: prices are exact integers: rates in millionths of a token, loads in parts per million.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from mesh.core.fields import MICRO, REASON_BYTES_MAX, NodeId
from mesh.core.market.capabilities import constraint_text, first_unsatisfied
from mesh.core.market.contexts import fuel_of
from mesh.core.market.credentials import Shown, first_lacking
from mesh.core.market.terms import ESTIMATES_ALLOWED
from mesh.core.records.jobs import JobManifest
from mesh.core.records.market import Bid, Decline, DeclineReason
from mesh.core.records.terms import Capability, Engine
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import cut
from runtime.identity.signed import Signed
from runtime.tokens.assessment import evaluate
from runtime.tokens.policy import Allowed, Rule, Usage

BID_SECONDS: Final = 3600
"""How long a bid is good for, unless the job expires earlier."""
DOUBLING_SECONDS: Final = 60
"""With so much held work still to be done, a node is twice as loaded as an idle one."""


class NodeState(Struct, frozen=True, kw_only=True):
    """What a node knows of itself when it is asked for a bid.

    rates: tokens per unit in millionths, by resource type. surcharge_ppm: what its operator adds to
    every price, in millionths of it. fuel_per_second: estimated, times the share of a core that it
    promises. queued_fuel: of holds, not yet executed. accepted_issuers: whose holds it takes.
    credentials: those in force. policy, usage: its own rule for the job's resource, and what the
    submitter has used under it.
    """

    node_id: NodeId
    location: str
    capabilities: tuple[Capability, ...]
    memory_bytes: int
    cpu_cores: int
    storage_bytes: int
    rates: Mapping[str, int]
    surcharge_ppm: int
    fuel_per_second: int
    queued_fuel: int
    running: int
    running_max: int
    engine: Engine
    accepted_issuers: frozenset[Did]
    credentials: Shown
    credential_cids: tuple[Cid, ...]
    submitter_verifiers: bool
    policy: Rule
    usage: Usage

    @property
    def load_ppm(self) -> int:
        """1 000 000 when idle."""
        return load_of(self.queued_fuel, self.fuel_per_second)


class Enquiry(Struct, frozen=True, kw_only=True):
    """A job as a node sees it.

    issuers: those of the mesh, whose holds and credentials count where the manifest names none.
    bound_units: the worst case of the call, None where the work is not bounded, or not known to be
    before the module is fetched. missing_bytes: of module and input, not yet at the node. unfit:
    why the module cannot be executed, or its entry not be called with the arguments; None if it
    can, or if it is not known yet.
    """

    manifest: Signed[JobManifest]
    issuers: frozenset[Did]
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
    """Units to price: the bound where there is one, else the ceiling; never more than that."""
    if bound_units is None:
        return manifest.resource_amount
    return max(1, min(bound_units, manifest.resource_amount))


def seconds_for(fuel: int, fuel_per_second: int) -> int:
    """Seconds that so much work takes, rounded up, at least 1."""
    return max(1, -(-fuel // max(1, fuel_per_second)))


def appraise(node: NodeState, enquiry: Enquiry, now: int) -> Bid | Decline:
    """The node's answer to a job: a bid, or the first reason against one."""
    manifest, job = enquiry.manifest.body, enquiry.manifest.cid
    offer = _Offer(node, enquiry)
    against = _reason_against(node, enquiry, offer, now)
    if against is not None:
        reason, detail = against
        detail = cut(detail, REASON_BYTES_MAX)
        return Decline(job=job, node_id=node.node_id, reason=reason, detail=detail)
    return Bid(
        job=job,
        node_id=node.node_id,
        price=offer.price,
        units=offer.units,
        estimated_seconds=offer.estimated_seconds,
        work_seconds=offer.work_seconds,
        location=node.location,
        capabilities=node.capabilities,
        engine=node.engine,
        missing_bytes=enquiry.missing_bytes,
        submitter_verifiers=node.submitter_verifiers,
        credentials=node.credential_cids,
        expires_at=min(now + BID_SECONDS, manifest.expires_at),
    )


class _Offer:
    """The numbers of a bid, whether or not it is made."""

    def __init__(self, node: NodeState, enquiry: Enquiry) -> None:
        manifest = enquiry.manifest.body
        self.units = units_of(manifest, enquiry.bound_units)
        factor_ppm = node.load_ppm * (MICRO + node.surcharge_ppm) // MICRO
        rate_micro = node.rates.get(manifest.resource_type.value, 0)
        self.price = price_of(self.units, rate_micro, factor_ppm)
        fuel = fuel_of(self.units)
        self.work_seconds = seconds_for(fuel, node.fuel_per_second)
        self.fuel_ahead = node.queued_fuel + fuel
        self.estimated_seconds = seconds_for(self.fuel_ahead, node.fuel_per_second)


_Reason = tuple[DeclineReason, str]


def _reason_against(node: NodeState, enquiry: Enquiry, offer: _Offer, now: int) -> _Reason | None:
    return (
        _unfit(enquiry)
        or _unable(node, enquiry.manifest.body)
        or _distrusted(node, enquiry)
        or _unwilling(node, enquiry, offer, now)
    )


def _unfit(enquiry: Enquiry) -> _Reason | None:
    if enquiry.unfit is None:
        return None
    return DeclineReason.MODULE, enquiry.unfit


def _unable(node: NodeState, manifest: JobManifest) -> _Reason | None:
    needs, trust = manifest.requirements, manifest.trust
    for name, needed, has in (
        ("memory_bytes", needs.memory_bytes, node.memory_bytes),
        ("cpu_cores", needs.cpu_cores, node.cpu_cores),
        ("storage_bytes", needs.storage_bytes, node.storage_bytes),
    ):
        if needed > has:
            return DeclineReason.REQUIREMENTS, f"{name} {needed} asked for, {has} here"
    if manifest.resource_type.value not in node.rates:
        return DeclineReason.REQUIREMENTS, f"{manifest.resource_type.value} is not offered here"
    lacking = first_unsatisfied(node.capabilities, needs)
    if lacking is not None:
        return DeclineReason.FEATURES, f"not here: {constraint_text(lacking)}"
    if trust.locations and node.location not in trust.locations:
        wanted = ", ".join(trust.locations)
        return DeclineReason.LOCATION, f"{wanted} asked for, this is {node.location}"
    return None


def _distrusted(node: NodeState, enquiry: Enquiry) -> _Reason | None:
    manifest = enquiry.manifest.body
    named = frozenset(manifest.accepted_issuers)
    lacking = first_lacking(
        manifest.trust.required_credentials, node.credentials, named or enquiry.issuers
    )
    if lacking is not None:
        return DeclineReason.TRUST, f"no credential {lacking!r} of an issuer that counts"
    if not (named or enquiry.issuers) & node.accepted_issuers:
        return DeclineReason.ISSUER, "holds of the issuers that the job names are not taken here"
    if manifest.engine is not None and manifest.engine != node.engine.text:
        return DeclineReason.ENGINE, f"{manifest.engine} asked for, {node.engine.text} here"
    return None


def _unwilling(node: NodeState, enquiry: Enquiry, offer: _Offer, now: int) -> _Reason | None:
    manifest = enquiry.manifest.body
    verdict = evaluate(
        node.policy,
        subject=enquiry.manifest.signer,
        amount=offer.units,
        usage=node.usage,
        now=now,
    )
    if not isinstance(verdict, Allowed):
        return DeclineReason.POLICY, f"{verdict.reason.value}; {verdict.available} units available"
    if node.running >= node.running_max:
        return DeclineReason.CAPACITY, f"{node.running} of {node.running_max} places taken"
    allowed = manifest.requirements.max_seconds
    if ESTIMATES_ALLOWED * offer.fuel_ahead > allowed * node.fuel_per_second:
        least = ESTIMATES_ALLOWED * offer.estimated_seconds
        detail = f"{offer.estimated_seconds} s expected; max_seconds is {allowed}, {least} needed"
        return DeclineReason.CAPACITY, detail
    if offer.price > manifest.budget:
        return DeclineReason.BUDGET, f"the price is {offer.price}, the budget {manifest.budget}"
    return None
