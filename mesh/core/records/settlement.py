"""Records of an issuer besides holds and draws: settlements, answers, statements, policies."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Final, TypeAlias

from msgspec import Struct

from ccl.abi.host_calls import SCOPE_BYTES_MAX
from mesh.core.fields import Amount, Reason, Word
from mesh.core.records.work import DRAWN_MAX, ROUNDS_MAX
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Size
from runtime.tokens.policy import Rule
from runtime.tokens.token import ResourceType, Scope

STATED_MAX: Final = 256
RETRY_SECONDS_MAX: Final = 366 * 24 * 3600
UsageName: TypeAlias = Annotated[str, Size(1, 64 + SCOPE_BYTES_MAX)]


def usage_name(resource_type: ResourceType, scope: str) -> UsageName:
    """The name of what an owner has committed under the policy of a scope; "" for all work."""
    return f"{resource_type.value}/{scope}" if scope else resource_type.value


class Ground(Enum):
    """Why a hold ends; `mesh.core.settlement` has what each pays."""

    VERIFIED = "verified"
    REFUTED = "refuted"
    NO_QUORUM = "no-quorum"
    CANCELLED = "cancelled"
    GAVE_UP = "gave-up"
    UNCOMPILED = "uncompiled"
    """The engine cannot compile or execute the module: no other attempt would come to more."""
    SILENT = "silent"
    UNOPENED = "unopened"
    WALL_CLOCK = "wall-clock"


class Payment(Struct, frozen=True, kw_only=True):
    """`amount` units of a hold, paid to `to`."""

    to: Did
    amount: Amount


class Settlement(Struct, frozen=True, kw_only=True):
    """The end of a hold: its ground, the records it rests on, the payments and what returns."""

    hold: Cid
    ground: Ground
    receipt: Cid | None
    anchor: Cid | None
    draws: Annotated[tuple[Cid, ...], Size(0, ROUNDS_MAX)]
    opening: Cid | None
    attestations: Annotated[tuple[Cid, ...], Size(0, DRAWN_MAX)]
    cancel: Cid | None
    payments: Annotated[tuple[Payment, ...], Size(0, DRAWN_MAX + 1)]
    refunded: int
    detail: Reason
    issued_at: int


class Answer(Struct, frozen=True, kw_only=True):
    """The answer to a request (a record's CID). reason: a fixed word for programs; detail: for
    people. settlement: the one that decides it; retry_after: seconds, where waiting helps."""

    request: Cid
    accepted: bool
    reason: Annotated[str, Size(0, 64)]
    detail: Reason
    settlement: Cid | None
    retry_after: Annotated[int, Between(0, RETRY_SECONDS_MAX)] | None


class Statement(Struct, frozen=True, kw_only=True):
    """The state of one owner's accounts with the signer. sequence: rises with each for its owner.

    balances: available units, held: units on hold, each by resource type. policies: CIDs of those
    in force. usage: units committed under each of them, by resource type or `type/scope`.
    """

    owner: Did
    sequence: Annotated[int, Between(1, INTEGER_MAX)]
    balances: Annotated[Mapping[Word, int], Size(0, STATED_MAX)]
    held: Annotated[Mapping[Word, int], Size(0, STATED_MAX)]
    policies: Annotated[tuple[Cid, ...], Size(0, STATED_MAX)]
    usage: Annotated[Mapping[UsageName, int], Size(0, STATED_MAX)]
    issued_at: int


class Policy(Struct, frozen=True, kw_only=True):
    """The signer's rule for a resource within a scope. edition: 1, 2, 3 … for (type, scope); usage
    is kept across editions."""

    resource_type: ResourceType
    scope: Scope
    edition: Annotated[int, Between(1, INTEGER_MAX)]
    rule: Rule
    effective_at: int


class Revocation(Struct, frozen=True, kw_only=True):
    """The signer of `target` (a token or credential) takes it back."""

    target: Cid
    reason: Reason
    revoked_at: int
