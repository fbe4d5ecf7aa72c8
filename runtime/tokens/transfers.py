"""Rows and commands of the ledger: accounts, transfers, and draws on tokens.

Amounts are units, times Unix seconds. Every command carries an id chosen by its client.
"""

from enum import Enum
from typing import Annotated, Final, NewType, TypeAlias

from msgspec import Struct

from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import Size
from runtime.tokens.in_force import PolicyInForce
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
    """Totals since the account began, in units; what came and went is left out of both where they
    would not fit 63 bits. Pending ones are held, not yet moved."""

    key: AccountKey
    credits_posted: int = 0
    debits_posted: int = 0
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


class Payment(Struct, frozen=True, kw_only=True):
    """`amount` units of a hold to `owner`'s holdings in the same ledger and unit."""

    owner: Did
    amount: int


class CountedUnder(Struct, frozen=True, kw_only=True):
    """A policy record under which a hold was allowed, and the scope in which it counts.

    number: of the hold among the changes of the subject's usage there, 1, 2, 3 … as they were
    booked. returned: of the change in which units of it were given back, None if none was.
    """

    policy: Cid
    scope: str
    number: int
    returned: int | None = None


class Transfer(Struct, frozen=True, kw_only=True):
    """`amount` units from `debit` to `credit`, or held on `debit` (credit is None).

    payments: of a posted hold; the rest of its amount went back to `debit`. tokens: the chain that
    authorises it, leaf first. subject: whose usage counts under the policies. created_at: Unix
    seconds.
    """

    id: TransferIdField
    debit: AccountKey
    credit: AccountKey | None
    amount: int
    state: TransferState
    created_at: int
    tokens: tuple[Cid, ...] = ()
    policies: tuple[CountedUnder, ...] = ()
    subject: Did | None = None
    payments: tuple[Payment, ...] = ()

    @property
    def is_hold(self) -> bool:
        """Whether the units are (or were) set aside first, for payees named later."""
        return self.credit is None

    @property
    def paid(self) -> int:
        """Units of a posted hold that its payees got."""
        return sum(payment.amount for payment in self.payments)


class TokenUse(Struct, frozen=True, kw_only=True):
    """Units drawn under a token (held and paid), by itself and by its children."""

    token: Cid
    drawn: int = 0


class TokenShare(Struct, frozen=True, kw_only=True):
    """A token of the chain a hold draws on, with what it grants at most."""

    token: Cid
    amount: int


class Issue(Struct, frozen=True, kw_only=True):
    """Creates `amount` units in `owner`'s holdings. The id of a root token is its digest."""

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
    """Sets units aside until posted or voided, which no time does; policies are evaluated first.

    subject: whose usage the policies count (the job's submitter). policies: all that apply, see
    `runtime.tokens.in_force.applicable`.
    """

    id: TransferId
    debit: AccountKey
    amount: int
    subject: Did
    tokens: tuple[TokenShare, ...] = ()
    policies: tuple[PolicyInForce, ...] = ()


class PostHold(Struct, frozen=True, kw_only=True):
    """Pays a hold to its payees; what the payments leave of it returns to the payer.

    What returns is given back to the tokens and the quota too, as if it had never been held: the
    payer has spent what was paid. A rate limit gives nothing back, for it limits requests.
    """

    id: TransferId
    payments: tuple[Payment, ...]


class VoidHold(Struct, frozen=True, kw_only=True):
    """Gives a hold back whole."""

    id: TransferId


Command: TypeAlias = Issue | Move | PlaceHold | PostHold | VoidHold
