"""Reputation: what the settlements that one has read say of a member, and nothing else.

Rule: evidence weighs by the price of the work, counts only between different owners, and is a set:
the same records give the same score in whatever order they were read.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final

from msgspec import Struct

from mesh.core.records.settlement import Ground
from mesh.core.settlement.check import OrderedWork, SettledRecords, judgement_of
from mesh.core.settlement.payments import TERMS, Blame
from runtime.content.did import Did

PRIOR_VALUE: Final = 100
"""A new member counts as if work of this price had gone well, and as much had not: it shows 50,
together with the words "no evidence"."""
FAULT_VALUE: Final = 1_000
"""A proved fault weighs as work of this price that went wrong."""


class Evidence(Enum):
    """One ended attempt of an executor, or one result of a verifier."""

    VERIFIED = "verified"
    DISPUTED = "disputed"
    """A quorum refuted its receipt."""
    LEASE_LOST = "lease-lost"
    GAVE_UP = "gave-up"
    """It said itself that its machine failed: a tenth of a lost lease."""
    AGREED = "agreed"
    """A verifier's result was the quorum's."""
    DISSENTED = "dissented"


_TENTHS: Final = {
    Evidence.VERIFIED: 10,
    Evidence.DISPUTED: -100,
    Evidence.LEASE_LOST: -10,
    Evidence.GAVE_UP: -1,
    Evidence.AGREED: 10,
    Evidence.DISSENTED: -100,
}
"""Weights in tenths of the price; a lie weighs as much as ten attempts lost."""

_OF_BLAME: Final = {
    Blame.VERIFIED: Evidence.VERIFIED,
    Blame.LIE: Evidence.DISPUTED,
    Blame.LEASE: Evidence.LEASE_LOST,
    Blame.TENTH_OF_LEASE: Evidence.GAVE_UP,
}


class EvidenceFound(Struct, frozen=True, kw_only=True):
    """What one settlement says of one member. value: the price of the work."""

    member: Did
    kind: Evidence
    value: int


class Tally(Struct, frozen=True, kw_only=True):
    """All evidence of one member: tenths of values that went well, and that did not; and how much
    evidence there is."""

    good: int = 0
    bad: int = 0
    count: int = 0

    def plus(self, kind: Evidence, value: int, *, times: int = 1) -> "Tally":
        """With one piece of evidence more; times: -1 for one less."""
        tenths = times * _TENTHS[kind] * value
        if _TENTHS[kind] > 0:
            return Tally(good=self.good + tenths, bad=self.bad, count=self.count + times)
        return Tally(good=self.good, bad=self.bad - tenths, count=self.count + times)


def tally_of(found: Iterable[tuple[Evidence, int]]) -> Tally:
    """The sum of evidence, each of a value."""
    tally = Tally()
    for kind, value in found:
        tally = tally.plus(kind, value)
    return tally


class Reputation(Struct, frozen=True, kw_only=True):
    """score: 0 to 100. is_evident: whether anything at all is known."""

    score: int
    is_evident: bool


def reputation(tally: Tally, *, faults: int = 0) -> Reputation:
    """The share of what went well, by value.

    With `good` and `bad` values: ⌊100 × (good + 100) / (good + bad + 200)⌋, so that 50 is the
    start, and neither 0 nor 100 is ever certain. faults: how many are proved.
    """
    prior = 10 * PRIOR_VALUE
    good, bad = tally.good + prior, tally.bad + prior + 10 * FAULT_VALUE * faults
    score = 100 * good // (good + bad)
    return Reputation(score=score, is_evident=tally.count + faults > 0)


def evidence_of(
    ground: Ground, order: OrderedWork, found: SettledRecords
) -> tuple[EvidenceFound, ...]:
    """What a settlement that was checked says of executor and verifiers."""
    hold, members = order.hold.body, order.members
    owners = {members.cooperative(order.manifest.signer)}
    findings = []
    blame = _OF_BLAME.get(TERMS[ground].blame)
    if blame is not None and members.cooperative(hold.executor) not in owners:
        findings.append(EvidenceFound(member=hold.executor, kind=blame, value=hold.amount))
    owners.add(members.cooperative(hold.executor))
    judgement = judgement_of(order, found)
    if ground not in (Ground.VERIFIED, Ground.REFUTED) or judgement.verdict is None:
        return tuple(findings)
    for kind, verifiers in (
        (Evidence.AGREED, judgement.agreeing),
        (Evidence.DISSENTED, judgement.dissenting),
    ):
        findings += [
            EvidenceFound(member=each, kind=kind, value=hold.amount)
            for each in verifiers
            if members.cooperative(each) not in owners
        ]
    return tuple(findings)
