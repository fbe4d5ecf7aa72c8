"""Terms of an attempt: its context, and the checks of the award and the hold that order it.

Rule: what follows from manifest, bid and genesis is computed by everyone alike, and compared; of
the rest each receiver says itself what counts (members, whose holds it takes).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from mesh.core.findings import Fault, Finding, differing
from mesh.core.ids import hold_id
from mesh.core.market.contexts import decided, follows, fuel_of, most_of
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.membership import Genesis
from mesh.core.records.work import Hold
from mesh.core.settlement.payments import pot_of
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.execution.context import REPUTATION_UNKNOWN, Context, Limits
from runtime.identity.signed import Signed

CLOCK_SKEW_SECONDS: Final = 300
ESTIMATES_ALLOWED: Final = 3
"""An attempt may take so many times its bid's estimate, and a lease."""
ATTEMPT_SECONDS_LEAST: Final = 60
"""And at least so long, where the manifest allows it: an estimate of a second says nothing of a
machine that has other work."""


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a job may see besides its manifest.

    balances: available units by resource type; policies: values by resource type; tokens: the
    register of holders of the submitter's own classes; records and results: by name and by job
    id; all as `runtime.execution.context.Context` has them.
    """

    balances: Mapping[str, int]
    policies: Mapping[str, Any]
    state_root: Cid | None
    records: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)
    tokens: Cid | None = None
    reputation: int = REPUTATION_UNKNOWN


def max_seconds_of(manifest: JobManifest, bid: Bid, lease_ms: int) -> int:
    """The wall clock of an attempt: 3 × the bid's estimate and a lease, at least a minute, within
    the manifest's."""
    expected = ESTIMATES_ALLOWED * bid.estimated_seconds + -(-lease_ms // 1000)
    return min(manifest.requirements.max_seconds, max(ATTEMPT_SECONDS_LEAST, expected))


def context_for(
    manifest: Signed[JobManifest],
    bid: Bid,
    *,
    surroundings: Surroundings,
    allowed: Limits | None = None,
) -> Context:
    """The context of an attempt at this job on the bid's engine.

    allowed: what the awarder allows of input, output, logs and effects; None for the most.
    """
    limits = most_of(manifest, bid.units)
    if allowed is not None:
        limits = replace(allowed, fuel=limits.fuel, memory_bytes=limits.memory_bytes)
    return Context(
        **decided(manifest),
        limits=limits,
        engine=bid.engine.text,
        balances=surroundings.balances,
        policies=surroundings.policies,
        state_root=surroundings.state_root,
        tokens=surroundings.tokens,
        reputation=surroundings.reputation,
        records=surroundings.records,
        results=surroundings.results,
    )


def check_context(context: Context, manifest: Signed[JobManifest], bid: Bid) -> tuple[Finding, ...]:
    """Whether a context follows from the manifest and the bid, as far as they decide it."""
    findings = differing("context", (Fault.ENGINE_DIFFERS, context.engine, bid.engine.text))
    if manifest.body.engine is not None:
        findings += differing("bid", (Fault.ENGINE_DIFFERS, bid.engine.text, manifest.body.engine))
    if not follows(context, manifest, bid.units):
        findings += (Finding(fault=Fault.CONTEXT_DIFFERS, subject="context"),)
    return findings


def check_award(
    award: Signed[Award],
    *,
    manifest: Signed[JobManifest],
    bid: Signed[Bid],
    context: Context,
) -> tuple[Finding, ...]:
    """Whether manifest, bid, context and award belong together, at whatever time."""
    body, wanted = award.body, manifest.body
    findings = differing(
        "award",
        (Fault.OTHER_JOB, body.job, manifest.cid),
        (Fault.OTHER_BID, body.bid, bid.cid),
        (Fault.OTHER_CONTEXT, body.context, context.cid),
        (Fault.FUEL_LIMIT_WRONG, body.fuel_limit, fuel_of(bid.body.units)),
    )
    findings += differing("bid", (Fault.OTHER_JOB, bid.body.job, manifest.cid))
    findings += check_context(context, manifest, bid.body)
    if award.signer not in (manifest.signer, wanted.award_delegate):
        findings += (Finding(fault=Fault.NOT_THE_SUBMITTERS, subject="award"),)
    for noun, found, most in (
        ("price", bid.body.price, wanted.budget),
        ("units", bid.body.units, wanted.resource_amount),
    ):
        if found > most:
            detail = f"{noun} {found}, at most {most}"
            findings += (Finding(fault=Fault.OVER_BUDGET, subject="bid", detail=detail),)
    return findings


def check_hold(
    hold: Signed[Hold],
    *,
    award: Signed[Award],
    manifest: Signed[JobManifest],
    bid: Signed[Bid],
    genesis: Genesis,
    issuers: Collection[Did],
) -> tuple[Finding, ...]:
    """Whether a hold orders the attempt that the award asks for. issuers: whose holds count."""
    body, wanted = hold.body, manifest.body
    findings = differing(
        "hold",
        (Fault.OTHER_AWARD, body.award, award.cid),
        (Fault.OTHER_JOB, body.job, manifest.cid),
        (Fault.OTHER_BID, body.bid, bid.cid),
        (Fault.OTHER_NODE, body.executor, bid.signer),
        (Fault.OTHER_ATTEMPT, body.attempt, award.body.attempt),
        (Fault.OTHER_HOLD, body.id.hex(), hold_id(manifest.cid, body.attempt).hex()),
        (Fault.OTHER_TOKEN, body.token, wanted.resource_token),
        (Fault.AMOUNT_WRONG, body.amount, bid.body.price),
        (Fault.POT_WRONG, body.pot, pot_of(bid.body.price, genesis.verify_ppm)),
        (
            Fault.MAX_SECONDS_WRONG,
            body.max_seconds,
            max_seconds_of(wanted, bid.body, body.lease_ms),
        ),
    )
    if hold.signer not in issuers:
        findings += (Finding(fault=Fault.NOT_AN_ISSUERS, subject="hold"),)
    if not wanted.created_at - CLOCK_SKEW_SECONDS <= body.issued_at < wanted.expires_at:
        detail = f"issued at {body.issued_at}"
        findings += (Finding(fault=Fault.TIMES_WRONG, subject="hold", detail=detail),)
    return findings
