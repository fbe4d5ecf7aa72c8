"""Receipts of version 1: an executor's statement of its work, and all that can be checked of it.

Whether the result itself is right is for verifiers to say, by executing again.
"""

from typing import Final

from mesh.core.findings import Fault, Finding, differing
from mesh.core.market.contexts import fuel_of
from mesh.core.proofs.version1.records import Award, Bid, JobManifest, Receipt
from mesh.core.proofs.version1.terms import check_context
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic
from runtime.execution.metering import compute_units
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceType

CLOCK_SKEW_SECONDS: Final = 300


def usage_of(deterministic: Deterministic, bid: Bid) -> dict[str, int]:
    """The compute units used: from the fuel, or all that were bid for where it is not known."""
    used = deterministic.fuel_used
    units = bid.units if used is None else compute_units(used)
    return {ResourceType.COMPUTE.value: units}


def verify_receipt(
    receipt: Signed[Receipt],
    *,
    manifest: Signed[JobManifest],
    bid: Signed[Bid],
    award: Signed[Award],
    context: Context,
    now: int,
) -> tuple[Finding, ...]:
    """What speaks against a receipt. Empty: it is accepted, and verifiers may be asked."""
    body, promised = receipt.body, award.body
    findings = list(
        differing(
            "receipt",
            (Fault.OTHER_JOB, body.job, manifest.cid),
            (Fault.OTHER_AWARD, body.award, award.cid),
            (Fault.OTHER_CONTEXT, body.context, promised.context),
            (Fault.OTHER_MODULE, body.module, manifest.body.module),
            (Fault.OTHER_NODE, body.node_id, bid.body.node_id),
            (Fault.NOT_THE_EXECUTORS, receipt.signer, bid.signer),
            (Fault.ENGINE_DIFFERS, body.engine.text, context.engine),
            (Fault.USAGE_WRONG, dict(body.usage), usage_of(body.deterministic, bid.body)),
        )
    )
    findings += differing(
        "award",
        (Fault.OTHER_JOB, promised.job, manifest.cid),
        (Fault.OTHER_BID, promised.bid, bid.cid),
        (Fault.OTHER_CONTEXT, promised.context, context.cid),
        (Fault.FUEL_LIMIT_WRONG, promised.fuel_limit, fuel_of(bid.body.units)),
    )
    findings += differing("bid", (Fault.OTHER_JOB, bid.body.job, manifest.cid))
    findings += check_context(context, manifest, bid.body)
    if award.signer not in (manifest.signer, manifest.body.award_delegate):
        findings.append(Finding(fault=Fault.NOT_THE_SUBMITTERS, subject="award"))
    used = body.deterministic.fuel_used
    if used is not None and used > promised.fuel_limit:
        detail = f"{used}, awarded {promised.fuel_limit}"
        findings.append(Finding(fault=Fault.FUEL_OVER_LIMIT, subject="receipt", detail=detail))
    if not manifest.body.created_at - CLOCK_SKEW_SECONDS <= body.started_at <= body.ended_at:
        detail = f"from {body.started_at} to {body.ended_at}"
        findings.append(Finding(fault=Fault.TIMES_WRONG, subject="receipt", detail=detail))
    if body.ended_at >= promised.lease_expires_at + CLOCK_SKEW_SECONDS:
        detail = f"ended at {body.ended_at}, the lease at {promised.lease_expires_at}"
        findings.append(Finding(fault=Fault.OVER, subject="receipt", detail=detail))
    if body.ended_at > now + CLOCK_SKEW_SECONDS:
        findings.append(Finding(fault=Fault.FROM_THE_FUTURE, subject="receipt"))
    return tuple(findings)
