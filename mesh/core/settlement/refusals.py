"""Refusals of an issuer: why it does not do what a request asks for, by name.

Rule: the order is that of the checks. The name, in lower case with hyphens, is the `reason` of the
Answer; a refusal is not kept, so the same request may be made again.
"""

from enum import Enum
from typing import Final

from msgspec import Struct

from runtime.content.shapes import cut

DETAIL_BYTES_MAX: Final = 1024
RETRY_SECONDS: Final = 20
"""After this time profiles of nodes and verifiers have come anew."""


class AwardRefusal(Enum):
    """Why the issuer does not hold the price of an award."""

    INCOMPLETE = "a record or block that the award names is missing or unreadable"
    NOT_A_SUBMITTER = "the manifest's signer is not a submitter of this mesh"
    NOT_THE_SUBMITTERS = "neither the manifest's signer nor its delegate signed the award"
    JOB_ID_TAKEN = "its submitter has used this job id for another manifest"
    OTHER_AWARD_STORED = "another award of this attempt was stored first"
    ATTEMPT_NOT_DUE = "the attempt before it has not ended with a further attempt allowed"
    CANCELLED = "its submitter has withdrawn the job"
    TREE_CANCELLED = "a job that this one descends from was withdrawn"
    EXPIRED = "the job has expired"
    FROM_THE_FUTURE = "the manifest is dated more than 300 s ahead of the issuer's clock"
    UNITS_OVER_AMOUNT = "the bid is for more units than the manifest allows"
    PRICE_OVER_BUDGET = "the bid's price is over the manifest's budget"
    NO_PRICE = "a price of nothing cannot be held"
    BID_EXPIRED = "the bid has expired"
    NOT_A_NODE = "the bid's signer is not a node of this mesh"
    TOO_LARGE = (
        "manifest, bid, context and parents' manifests leave no room for a hold in a message"
    )
    TERMS_DIFFER = "award, bid, context and manifest do not belong together"
    PARENT_MISSING = "a manifest that the job descends from is missing, or is another one"
    POSITION_TAKEN = "another job stands for the same effect of its parent"
    PARENT_OF_ANOTHER = "neither its parent's submitter nor that one's delegate signed the manifest"
    PARENT_NOT_VERIFIED = "its parent has not ended here with a verified result"
    NOT_DELEGATED = "a job that it descends from delegates no children, or none so deep"
    OVER_DELEGATION = "a job that it descends from delegates fewer tokens than it would hold"
    TOKEN = "the resource token does not pay for it"
    VERIFIERS_UNDER_QUORUM = "the manifest asks for fewer verifiers than the mesh's quorum"
    VERIFIERS_TOO_FEW = "fewer verifiers may be drawn than its quorum"
    TOKEN_EXHAUSTED = "the resource token has too little left"
    BALANCE_TOO_LOW = "the account has too little available"
    POLICY = "a policy of the issuer denies it"
    LEDGER_FULL = "what its submitter has committed would not fit 63 bits"


class RequestRefusal(Enum):
    """Why the issuer does not do what another request asks for."""

    INCOMPLETE = "a record that it names is missing or unreadable"
    NOT_ITS_SIGNERS = "it is not for its signer to ask for"
    RESULT_FIXED = "a result of the job is stored: it will be settled"
    ENDED = "the job has ended"
    HOLD_SETTLED = "the hold has ended, and what came later does not count"
    NOT_DUE = "nothing of the kind is due in this phase of the attempt"
    RECORD_WRONG = "the record does not fit the attempt"
    OTHER_TRANSFER_STORED = "another transfer for this cause was stored first"
    BALANCE_TOO_LOW = "the account has too little available"
    TOKEN = "the token does not continue the chain that it names"


class Refusal(Struct, frozen=True, kw_only=True):
    """A refusal with its facts. detail: for people; retry_after: seconds, where waiting helps."""

    reason: AwardRefusal | RequestRefusal
    detail: str = ""
    retry_after: int | None = None

    @property
    def word(self) -> str:
        """As an Answer says it to programs."""
        return self.reason.name.lower().replace("_", "-")

    @property
    def explanation(self) -> str:
        """As an Answer says it to people."""
        text = f"{self.reason.value}: {self.detail}" if self.detail else self.reason.value
        return cut(text, DETAIL_BYTES_MAX)


SEND_AGAIN: Final = Refusal(reason=RequestRefusal.INCOMPLETE, retry_after=1)
"""Not final: a part was lost on the way, or left out by another who shows the record. Its signer
goes on sending all of it."""
