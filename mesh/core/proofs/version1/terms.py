"""Terms of an attempt, version 1: whether award, bid, hold and context belong together."""

from collections.abc import Collection
from typing import Final

from mesh.core.findings import Fault, Finding, differing
from mesh.core.ids import hold_id
from mesh.core.market.contexts import follows, fuel_of
from mesh.core.proofs.version1.records import Award, Bid, Hold, JobManifest
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.identity.signed import Signed

HOLD_MARGIN_SECONDS: Final = 1200
"""A hold outlives its lease by at least this: it must still be there when a quorum speaks."""


def check_context(context: Context, manifest: Signed[JobManifest], bid: Bid) -> tuple[Finding, ...]:
    """Whether a context follows from the manifest and the bid, as far as they decide it."""
    demanded = manifest.body.engine or context.engine
    findings = differing("context", (Fault.ENGINE_DIFFERS, context.engine, demanded))
    if not follows(context, manifest, bid.units):
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
