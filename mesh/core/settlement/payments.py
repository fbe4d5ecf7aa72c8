"""Payments of a settlement: the table of what each ground pays, and what it means for the job.

Rule: everything is whole units, rounded down; what is not paid returns to the payer.
"""

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

from mesh.core.fields import MICRO
from mesh.core.records.jobs import ATTEMPTS_MAX
from mesh.core.records.settlement import Ground, Payment
from mesh.core.records.work import GaveUpGround
from runtime.content.did import Did


class ExecutorPay(Enum):
    """The executor's part."""

    PRICE = "the amount without the pot"
    BY_THE_CLOCK = "as much of it as its running time is of the work that its bid named"
    NOTHING = "nothing"


class VerifierPay(Enum):
    """The part of each verifier that agrees with the quorum."""

    SHARE = "the pot, by the number of those drawn"
    NOTHING = "nothing"


class JobEnd(Enum):
    """The submitter's phase after a settlement."""

    VERIFIED = "Verified"
    DISPUTED = "Disputed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SUBMITTED = "Submitted"
    """Another attempt is allowed; after the third it is Failed."""


class Blame(Enum):
    """What a ground says of the executor, as evidence."""

    NONE = "nothing"
    VERIFIED = "a verified job"
    LIE = "a lie"
    LEASE = "a lost lease"
    TENTH_OF_LEASE = "a tenth of a lost lease"


class Terms(Struct, frozen=True, kw_only=True):
    """A row of the table: what a ground pays and means."""

    executor: ExecutorPay
    verifier: VerifierPay
    end: JobEnd
    blame: Blame


_LEASE_LOST: Final = Terms(
    executor=ExecutorPay.NOTHING,
    verifier=VerifierPay.SHARE,
    end=JobEnd.SUBMITTED,
    blame=Blame.LEASE,
)

TERMS: Final[Mapping[Ground, Terms]] = {
    Ground.VERIFIED: Terms(
        executor=ExecutorPay.PRICE,
        verifier=VerifierPay.SHARE,
        end=JobEnd.VERIFIED,
        blame=Blame.VERIFIED,
    ),
    Ground.REFUTED: Terms(
        executor=ExecutorPay.NOTHING,
        verifier=VerifierPay.SHARE,
        end=JobEnd.DISPUTED,
        blame=Blame.LIE,
    ),
    Ground.NO_QUORUM: Terms(
        executor=ExecutorPay.NOTHING,
        verifier=VerifierPay.NOTHING,
        end=JobEnd.FAILED,
        blame=Blame.NONE,
    ),
    Ground.CANCELLED: Terms(
        executor=ExecutorPay.BY_THE_CLOCK,
        verifier=VerifierPay.NOTHING,
        end=JobEnd.CANCELLED,
        blame=Blame.NONE,
    ),
    Ground.GAVE_UP: Terms(
        executor=ExecutorPay.NOTHING,
        verifier=VerifierPay.NOTHING,
        end=JobEnd.SUBMITTED,
        blame=Blame.TENTH_OF_LEASE,
    ),
    Ground.UNCOMPILED: Terms(
        executor=ExecutorPay.NOTHING,
        verifier=VerifierPay.NOTHING,
        end=JobEnd.FAILED,
        # Nobody else has tried: it is the executor's word against the submitter's own check.
        blame=Blame.TENTH_OF_LEASE,
    ),
    Ground.SILENT: _LEASE_LOST,
    Ground.UNOPENED: _LEASE_LOST,
    Ground.WALL_CLOCK: _LEASE_LOST,
}

GROUND_OF_GIVING_UP: Final[Mapping[GaveUpGround, Ground]] = {
    GaveUpGround.MACHINE: Ground.GAVE_UP,
    GaveUpGround.MODULE: Ground.UNCOMPILED,
    GaveUpGround.BLOCKS: Ground.GAVE_UP,
    GaveUpGround.WALL_CLOCK: Ground.WALL_CLOCK,
    GaveUpGround.HOLD_REFUSED: Ground.GAVE_UP,
}


def pot_of(amount: int, verify_ppm: int) -> int:
    """The verifiers' part of an amount, within it."""
    return amount * verify_ppm // MICRO


def payments_of(
    ground: Ground,
    *,
    amount: int,
    pot: int,
    executor: Did,
    agreeing: Collection[Did],
    drawn: int,
    running_ms: int,
    work_seconds: int,
) -> tuple[Payment, ...]:
    """The payments of a settlement, the executor's first, then by verifier; none of nothing.

    agreeing: verifiers whose results are the quorum's. drawn: how many were drawn, in all rounds.
    running_ms: from the first to the last sign that the executor runs.
    """
    terms = TERMS[ground]
    owed: dict[Did, int] = {executor: _executor_pay(terms, amount - pot, running_ms, work_seconds)}
    if terms.verifier is VerifierPay.SHARE and drawn:
        for each in sorted(agreeing):
            owed[each] = owed.get(each, 0) + pot // drawn
    return tuple(Payment(to=to, amount=units) for to, units in owed.items() if units)


def another_attempt(ground: Ground, attempt: int) -> bool:
    """Whether the job may be awarded again after its `attempt`-th attempt ended so."""
    return TERMS[ground].end is JobEnd.SUBMITTED and attempt < ATTEMPTS_MAX


def _executor_pay(terms: Terms, price: int, running_ms: int, work_seconds: int) -> int:
    match terms.executor:
        case ExecutorPay.PRICE:
            return price
        case ExecutorPay.BY_THE_CLOCK:
            return price * min(running_ms, 1000 * work_seconds) // (1000 * work_seconds)
        case ExecutorPay.NOTHING:
            return 0
