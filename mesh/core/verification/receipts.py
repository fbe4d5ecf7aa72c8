"""Receipts: an executor's statement of what it did, and everything that can be checked of it.

Whether the result itself is right is for verifiers to say, by executing again.
"""

from mesh.core.findings import Fault, Finding, differing
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.work import Hold, Receipt
from mesh.core.verification.results import result_block
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic
from runtime.execution.metering import compute_units
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceType

CLOCK_SKEW_SECONDS = 300


def usage_of(result: Deterministic, bid: Bid) -> dict[str, int]:
    """The compute units used: from the fuel, or all that were bid for where it is not known."""
    used = result.fuel_used
    units = bid.units if used is None else compute_units(used)
    return {ResourceType.COMPUTE.value: units}


def verify_receipt(
    receipt: Signed[Receipt],
    *,
    result: Deterministic,
    manifest: Signed[JobManifest],
    bid: Signed[Bid],
    award: Signed[Award],
    hold: Signed[Hold],
    context: Context,
    now: int,
) -> tuple[Finding, ...]:
    """What speaks against a receipt for a hold. result: of the block that the receipt names. Empty:
    it is accepted, and verifiers may be drawn.

    Whether hold, award, bid, manifest and context belong together, `mesh.core.market.terms` says;
    whether a sealed receipt opens its seal, `mesh.core.verification.seals`.
    """
    body = receipt.body
    findings = differing(
        "receipt",
        (Fault.OTHER_JOB, body.job, manifest.cid),
        (Fault.OTHER_AWARD, body.award, award.cid),
        (Fault.OTHER_HOLD, body.hold, hold.cid),
        (Fault.OTHER_CONTEXT, body.context, award.body.context),
        (Fault.OTHER_MODULE, body.module, manifest.body.module),
        (Fault.OTHER_NODE, body.node_id, bid.body.node_id),
        (Fault.NOT_THE_EXECUTORS, receipt.signer, hold.body.executor),
        (Fault.ENGINE_DIFFERS, body.engine.text, context.engine),
        (Fault.RESULT_DIFFERS, body.deterministic, result_block(result)[0]),
        (Fault.USAGE_WRONG, dict(body.usage), usage_of(result, bid.body)),
    )
    return (*findings, *_check_fuel(result, award.body), *_check_times(body, hold.body, now))


def _check_fuel(result: Deterministic, award: Award) -> tuple[Finding, ...]:
    used = result.fuel_used
    if used is None or used <= award.fuel_limit:
        return ()
    detail = f"{used}, awarded {award.fuel_limit}"
    return (Finding(fault=Fault.FUEL_OVER_LIMIT, subject="receipt", detail=detail),)


def _check_times(body: Receipt, hold: Hold, now: int) -> tuple[Finding, ...]:
    findings: tuple[Finding, ...] = ()
    if not hold.issued_at - CLOCK_SKEW_SECONDS <= body.started_at <= body.ended_at:
        detail = f"from {body.started_at} to {body.ended_at}, the hold at {hold.issued_at}"
        findings += (Finding(fault=Fault.TIMES_WRONG, subject="receipt", detail=detail),)
    if body.ended_at > now + CLOCK_SKEW_SECONDS:
        findings += (Finding(fault=Fault.FROM_THE_FUTURE, subject="receipt"),)
    return findings
