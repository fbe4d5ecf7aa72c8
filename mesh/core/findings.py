"""Findings of a verification against a record: facts, in the order they were checked.

Verification answers with a tuple of findings; an empty one means accepted.
"""

from enum import Enum

from msgspec import Struct


class Fault(Enum):
    """What is wrong with a record, or between records."""

    OTHER_MESH = "it is of another mesh"
    OTHER_JOB = "it is about another job"
    OTHER_BID = "it names another bid"
    OTHER_AWARD = "it names another award"
    OTHER_CONTEXT = "it names another context"
    OTHER_MODULE = "it names another module"
    OTHER_NODE = "it is of another node than the bid's"
    OTHER_RECEIPT = "it is about another receipt"
    OTHER_HOLD = "it names another hold"
    OTHER_TOKEN = "it is paid from another token"
    OTHER_ATTEMPT = "it is of another attempt"
    POLICY_DENIES = "a policy of its signer denies it"
    TOKEN_INVALID = "it does not cover what it pays for"
    OTHER_END = "it says that another thing became of the hold"
    NOT_DELEGATED = "a job that it descends from does not delegate it"
    PARENT_DIFFERS = "it is not what its parent's program has submitted"
    EFFECTS_WRONG = "the effects that it settles are not those of the result, each once"
    NOT_THE_SUBMITTERS = "neither the submitter nor its delegate signed it"
    NOT_THE_EXECUTORS = "the executor that was awarded did not sign it"
    NOT_AN_ISSUERS = "no issuer that counts here signed it"
    NOT_A_MEMBER = "its signer has not the role of the mesh that it takes"
    NOT_ENDORSED = "not enough founders have endorsed it"
    NOT_A_VERIFIERS = "no verifier that counts here signed it"
    CONTEXT_DIFFERS = "the context is not the one that the manifest and the award lead to"
    ENGINE_DIFFERS = "the engine is not the one demanded"
    HOLD_TOO_SMALL = "the hold is smaller than the price"
    AMOUNT_WRONG = "what is held is not the price"
    POT_WRONG = "the verifiers' part is not the one that the mesh sets"
    MAX_SECONDS_WRONG = "the wall clock allowed is not what manifest and bid lead to"
    OVER_BUDGET = "it is over what the submitter allowed"
    HOLD_TOO_SHORT = "the hold runs out too early"
    FUEL_OVER_LIMIT = "more fuel was used than awarded"
    FUEL_LIMIT_WRONG = "the fuel limit is not what the bid's units buy"
    USAGE_WRONG = "the usage does not follow from the result"
    TIMES_WRONG = "the times do not follow each other"
    FROM_THE_FUTURE = "it is dated in the future"
    OVER = "it came after its time"
    WRONG_SEQUENCE = "the sequence number does not follow"
    WRONG_PARENT = "it does not continue the chain of its signer"
    EQUIVOCATION = "its signer has signed another record for the same place"
    RESULT_DIFFERS = "executing again gives another result"
    VERDICT_WRONG = "the verdict does not follow from the two results"
    DRAW_WRONG = "the verifiers are not those that the draw leads to"
    GROUND_WRONG = "the ground does not follow from the records that it rests on"
    PAYMENTS_WRONG = "the payments do not follow from the ground"
    FAULT_UNPROVEN = "its evidence does not prove it"
    NO_QUORUM = "no quorum confirms it"
    MISSING = "a block that is needed is not there"
    UNREADABLE = "a block is malformed"


class Finding(Struct, frozen=True, kw_only=True):
    """One fault. subject: which record or block; detail: found and expected, as text."""

    fault: Fault
    subject: str
    detail: str = ""

    def __str__(self) -> str:
        text = f"{self.subject}: {self.fault.value}"
        return f"{text} ({self.detail})" if self.detail else text


def differing(subject: str, *checks: tuple[Fault, object, object]) -> tuple[Finding, ...]:
    """A finding for each (fault, found, expected) where the two are not equal."""
    return tuple(
        Finding(fault=fault, subject=subject, detail=f"{found}, expected {expected}")
        for fault, found, expected in checks
        if found != expected
    )
