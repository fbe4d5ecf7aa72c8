"""The award: which context an attempt gets, and what an executor checks before it works."""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from mesh.core.findings import Fault, Finding, differing
from mesh.core.ids import execution_seed, hold_id
from mesh.job import HOLD_MARGIN_SECONDS
from mesh.market import fuel_of
from mesh.records import Award, Bid, Hold, JobManifest
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.execution.context import REPUTATION_UNKNOWN, Context, Limits
from runtime.identity.signed import Signed


class Surroundings(Struct, frozen=True, kw_only=True):
    """What of the world a job may see besides its manifest.

    balances: available units by resource type; policies: values by resource type; tokens: the
    register of holders of the submitter's own classes; records and results: by name and by job
    id; all as `runtime.execution.context.Context` has them. blocks: the register's, which is
    made anew.
    """

    balances: Mapping[str, int]
    policies: Mapping[str, Any]
    state_root: Cid | None
    records: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)
    tokens: Cid | None = None
    reputation: int = REPUTATION_UNKNOWN
    blocks: Mapping[Cid, bytes] = field(default_factory=dict)


NO_SURROUNDINGS = Surroundings(balances={}, policies={}, state_root=None)


def context_for(
    manifest: Signed[JobManifest],
    bid: Bid,
    *,
    engine: str,
    surroundings: Surroundings,
    allowed: Limits | None = None,
) -> Context:
    """The context of every attempt at this job for so many units on this engine.

    allowed: what the awarder allows of input, output, logs and effects; None for the most.
    """
    fuel, memory_bytes = fuel_of(bid.units), manifest.body.requirements.memory_bytes
    limits = Limits(fuel=fuel, memory_bytes=memory_bytes)
    if allowed is not None:
        limits = replace(allowed, fuel=fuel, memory_bytes=memory_bytes)
    return Context(
        **_decided(manifest),
        limits=limits,
        engine=engine,
        balances=surroundings.balances,
        policies=surroundings.policies,
        state_root=surroundings.state_root,
        tokens=surroundings.tokens,
        reputation=surroundings.reputation,
        records=surroundings.records,
        results=surroundings.results,
    )


def _decided(manifest: Signed[JobManifest]) -> dict[str, Any]:
    """The fields of a context that follow from the manifest."""
    body = manifest.body
    return {
        "entry": body.entry,
        "owner": manifest.signer,
        "caller": manifest.signer,
        "member": None,
        "rules": None,
        "now": body.created_at,
        "received_at": body.created_at,
        "seed": execution_seed(manifest.cid, manifest.signer),
        "arguments": body.arguments,
        "arguments_commitment": None,
        "input": body.input,
    }


def _allowed(limits: Limits, most: Limits) -> bool:
    """Work and memory are what was paid for; of the rest the awarder may allow less."""
    return (
        (limits.fuel, limits.memory_bytes) == (most.fuel, most.memory_bytes)
        and 0 <= limits.input_bytes <= most.input_bytes
        and 0 <= limits.output_bytes <= most.output_bytes
        and 0 <= limits.log_bytes <= most.log_bytes
        and 0 <= limits.effects <= most.effects
    )


def check_context(context: Context, manifest: Signed[JobManifest], bid: Bid) -> tuple[Finding, ...]:
    """Whether a context follows from the manifest and the bid, as far as they decide it."""
    demanded = manifest.body.engine or context.engine
    findings = differing("context", (Fault.ENGINE_DIFFERS, context.engine, demanded))
    wanted = _decided(manifest)
    most = Limits(fuel=fuel_of(bid.units), memory_bytes=manifest.body.requirements.memory_bytes)
    if not _allowed(context.limits, most) or any(
        getattr(context, name) != value for name, value in wanted.items()
    ):
        findings += (Finding(fault=Fault.CONTEXT_DIFFERS, subject="context"),)
    return findings


def check_terms(
    award: Signed[Award],
    *,
    manifest: Signed[JobManifest],
    bid: Signed[Bid],
    hold: Signed[Hold],
    context: Context,
    issuers: Collection[Did],
) -> tuple[Finding, ...]:
    """Whether manifest, bid, hold, context and award belong together, at whatever time."""
    body = award.body
    findings = list(
        differing(
            "award",
            (Fault.OTHER_JOB, body.job, manifest.cid),
            (Fault.OTHER_BID, body.bid, bid.cid),
            (Fault.OTHER_HOLD, body.hold, hold.cid),
            (Fault.OTHER_CONTEXT, body.context, context.cid),
            (Fault.FUEL_LIMIT_WRONG, body.fuel_limit, fuel_of(bid.body.units)),
        )
    )
    findings += differing("bid", (Fault.OTHER_JOB, bid.body.job, manifest.cid))
    wanted_id = hold_id(manifest.cid, body.attempt)
    if hold.body.id != wanted_id:
        detail = f"{hold.body.id.hex()}, expected {wanted_id.hex()}"
        findings.append(Finding(fault=Fault.OTHER_HOLD, subject="hold", detail=detail))
    findings += check_context(context, manifest, bid.body)
    if award.signer not in (manifest.signer, manifest.body.award_delegate):
        findings.append(Finding(fault=Fault.NOT_THE_SUBMITTERS, subject="award"))
    if hold.signer not in issuers:
        findings.append(Finding(fault=Fault.NOT_AN_ISSUERS, subject="hold"))
    if hold.body.amount < bid.body.price:
        detail = f"{hold.body.amount}, the price is {bid.body.price}"
        findings.append(Finding(fault=Fault.HOLD_TOO_SMALL, subject="hold", detail=detail))
    if hold.body.expires_at < body.lease_expires_at + HOLD_MARGIN_SECONDS:
        findings.append(Finding(fault=Fault.HOLD_TOO_SHORT, subject="hold"))
    return tuple(findings)


def check_award(
    award: Signed[Award],
    *,
    manifest: Signed[JobManifest],
    bid: Signed[Bid],
    hold: Signed[Hold],
    context: Context,
    issuers: Collection[Did],
    now: int,
) -> tuple[Finding, ...]:
    """What speaks against working for this award. `issuers`: whose holds the executor takes."""
    findings = check_terms(
        award, manifest=manifest, bid=bid, hold=hold, context=context, issuers=issuers
    )
    if now >= award.body.lease_expires_at:
        findings += (Finding(fault=Fault.OVER, subject="award"),)
    return findings
