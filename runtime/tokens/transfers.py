"""Rows and commands of the ledger: accounts, transfers, and draws on tokens.

Amounts are units, times Unix seconds. Every command carries an id chosen by its client.
"""

from enum import Enum
from typing import Annotated, Final, NewType, TypeAlias

from msgspec import Struct

from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import Size
from runtime.tokens.policy import Rule
from runtime.tokens.token import Unit

TransferId = NewType("TransferId", bytes)
TRANSFER_ID_BYTES: Final = 32
TransferIdField: TypeAlias = Annotated[TransferId, Size(TRANSFER_ID_BYTES, TRANSFER_ID_BYTES)]


class AccountKind(Enum):
    ISSUANCE = "issuance"
    """The source of issued units: negative by the units that are outstanding."""
    HOLDINGS = "holdings"


class AccountKey(Struct, frozen=True, kw_only=True):
    """One account: how much of `unit` is `owner`'s in `issuer`'s ledger."""

    issuer: Did
    unit: Unit
    owner: Did
    kind: AccountKind = AccountKind.HOLDINGS


class Account(Struct, frozen=True, kw_only=True):
    """Totals since the account began, in units. Pending ones are held, not yet moved."""

    key: AccountKey
    credits_posted: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    debits_pending: int = 0

    @property
    def balance(self) -> int:
        """Units that the account owns; holds on it included."""
        return self.credits_posted - self.debits_posted

    @property
    def available(self) -> int:
        """Units that may still be spent or held."""
        return self.balance - self.debits_pending


class TransferState(Enum):
    PENDING = "pending"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"


class Transfer(Struct, frozen=True, kw_only=True):
    """`amount` units from `debit` to `credit`. expires_at is set for holds, and only there.

    tokens: the chain that authorises it, leaf first. subject: whose usage counts under `policy`.
    Times are Unix seconds.
    """

    id: TransferIdField
    debit: AccountKey
    credit: AccountKey
    amount: int
    state: TransferState
    created_at: int
    expires_at: int | None = None
    tokens: tuple[Cid, ...] = ()
    policy: Cid | None = None
    subject: Did | None = None


class TokenUse(Struct, frozen=True, kw_only=True):
    """Units drawn under a token (held and posted), by itself and by its children."""

    token: Cid
    drawn: int = 0


class TokenShare(Struct, frozen=True, kw_only=True):
    """A token of the chain a hold draws on, with what it grants at most."""

    token: Cid
    amount: int


class PolicyInForce(Struct, frozen=True, kw_only=True):
    """A policy record's rule and the CID under which usage is counted."""

    cid: Cid
    rule: Rule


class Issue(Struct, frozen=True, kw_only=True):
    """Creates `amount` units in `owner`'s holdings. The id of a root token is its digest."""

    id: TransferId
    issuer: Did
    owner: Did
    unit: Unit
    amount: int


class Retire(Struct, frozen=True, kw_only=True):
    """Takes `amount` units out of `owner`'s holdings, and out of circulation."""

    id: TransferId
    issuer: Did
    owner: Did
    unit: Unit
    amount: int


class Move(Struct, frozen=True, kw_only=True):
    """Moves units between two holdings of one ledger at once."""

    id: TransferId
    debit: AccountKey
    credit: AccountKey
    amount: int


class PlaceHold(Struct, frozen=True, kw_only=True):
    """Sets units aside until posted, voided or expired; the policy in force is evaluated first.

    subject: whose usage the policy counts (the job's submitter).
    """

    id: TransferId
    debit: AccountKey
    credit: AccountKey
    amount: int
    expires_at: int
    subject: Did
    tokens: tuple[TokenShare, ...] = ()
    policy: PolicyInForce | None = None


class PostHold(Struct, frozen=True, kw_only=True):
    id: TransferId


class VoidHold(Struct, frozen=True, kw_only=True):
    id: TransferId


class ExpireHold(Struct, frozen=True, kw_only=True):
    """The expiry of a hold, sent by a store's timer; refused before the time."""

    id: TransferId


Command: TypeAlias = Issue | Retire | Move | PlaceHold | PostHold | VoidHold | ExpireHold
