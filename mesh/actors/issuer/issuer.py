"""The issuer: it holds what an award is to pay, draws verifiers, and settles.

Rule: it is the only writer of its own issue. It keeps what it stores first, and answers a repeat
with what it has answered before.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.base import Handler, Incoming, MessageRefusal
from mesh.actors.issuer.attempts.cancels import take_cancel
from mesh.actors.issuer.attempts.pursuit import pursue
from mesh.actors.issuer.attempts.reports import (
    take_attestation,
    take_giving_up,
    take_progress,
    take_receipt,
    take_seal,
)
from mesh.actors.issuer.awards.awarding import take_award
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.evidence import accuse
from mesh.actors.issuer.owners import commands, credentials
from mesh.actors.issuer.owners.accounts import take_revocation, take_token, take_transfer
from mesh.actors.issuer.presence import take_profile
from mesh.actors.issuer.restored import is_restored, note_own_records, refuse_restored, take_own
from mesh.actors.issuer.resuming import order_again
from mesh.actors.issuer.rows import ATTEMPTS
from mesh.core.ports.messages import Envelope
from mesh.core.records.jobs import Award, Cancel, Transfer
from mesh.core.records.market import Credential, NodeProfile
from mesh.core.records.membership import Membership
from mesh.core.records.settlement import Policy, Revocation, Settlement
from mesh.core.records.work import Attestation, GaveUp, Progress, Receipt, Seal
from mesh.core.settlement.attempt import OPEN_PHASES
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.ledger import Refused
from runtime.tokens.policy import Rule
from runtime.tokens.token import ResourceToken, ResourceType

_BEATS_PER_LEASE = 3
"""With an attempt open, the issuer asks to be driven so often: what is later is a gap."""


class Issuer(IssuerCore):
    """The issuer's actor."""

    handlers: ClassVar[Mapping[type, Handler]] = {
        Award: take_award,
        Progress: take_progress,
        GaveUp: take_giving_up,
        Seal: take_seal,
        Receipt: take_receipt,
        Attestation: take_attestation,
        Cancel: take_cancel,
        Transfer: take_transfer,
        Revocation: take_revocation,
        ResourceToken: take_token,
        NodeProfile: take_profile,
        Settlement: take_own,
    }

    def receive(self, tx: ActorTransaction, envelope: Envelope, now: Now) -> None:
        self._resume(tx, now)
        super().receive(tx, envelope, now)

    def precheck(self, tx: ActorTransaction, incoming: Incoming, now: Now) -> MessageRefusal | None:
        note_own_records(self, tx, incoming, now)
        is_signed_for = not isinstance(incoming.record.body, Membership)
        return MessageRefusal.RESTORED if is_signed_for and is_restored(tx) else None

    def contradicted(
        self, tx: ActorTransaction, first: Signed[Any], second: Signed[Any], now: Now
    ) -> None:
        accuse(self, tx, first.cid, second, now)

    def _resume(self, tx: ActorTransaction, now: Now) -> None:
        """Go on after a gap in which nobody drove this issuer, perhaps as an old copy of itself."""
        is_gap = self.is_gap(tx, now)
        self.clock(tx, now)
        if is_gap and not is_restored(tx):
            order_again(self, tx)

    def tick(self, tx: ActorTransaction, now: Now) -> Instant | None:
        """Settle and widen what time has decided."""
        self._resume(tx, now)
        if is_restored(tx):
            return None
        attempts = tx.rows(ATTEMPTS)
        for attempt in attempts.due("due_at", now.monotonic, phase=OPEN_PHASES):
            pursue(self, tx, attempt, now, in_tick=True)
        found = attempts.select(order="due_at", limit=1, phase=OPEN_PHASES)
        if not found:
            return None
        assert found[0].due_at is not None, "an open attempt waits for a moment"
        beat = now.after(self.lease_ms // _BEATS_PER_LEASE)
        return Instant(min(found[0].due_at, beat))

    # --- commands of its operator, see `mesh.actors.issuer.owners.commands`

    def issue_token(
        self,
        tx: ActorTransaction,
        *,
        owner: Did,
        resource_type: ResourceType,
        amount: int,
        scope: str = "",
        expires_at: int,
        now: Now,
    ) -> Signed[ResourceToken] | Refused:
        """Create units for an owner, and the token to spend them with. Raises ShapeError, and as
        all of these commands CommandError `issuer-restored`."""
        refuse_restored(tx)
        return commands.issue_token(
            self,
            tx,
            owner=owner,
            resource_type=resource_type,
            amount=amount,
            scope=scope,
            expires_at=expires_at,
            now=now,
        )

    def allocate(
        self,
        tx: ActorTransaction,
        *,
        owner: Did,
        resource_type: ResourceType,
        amount: int,
        scope: str,
        expires_at: int,
        now: Now,
    ) -> Signed[ResourceToken] | Refused:
        """Set a part of an owner's units aside for a scope, with a token that alone spends them.
        Raises ShapeError."""
        refuse_restored(tx)
        return commands.allocate(
            self,
            tx,
            owner=owner,
            resource_type=resource_type,
            amount=amount,
            scope=scope,
            expires_at=expires_at,
            now=now,
        )

    def set_policy(
        self,
        tx: ActorTransaction,
        *,
        resource_type: ResourceType,
        scope: str = "",
        rule: Rule,
        now: Now,
    ) -> Signed[Policy]:
        """Put a rule in force in place of the one before it; usage goes on. Raises ShapeError."""
        refuse_restored(tx)
        return commands.set_policy(
            self, tx, resource_type=resource_type, scope=scope, rule=rule, now=now
        )

    def revoke(
        self, tx: ActorTransaction, *, token: Cid, reason: str, now: Now
    ) -> Signed[Revocation] | None:
        """Take a token of one's own issue back, None where it is none."""
        refuse_restored(tx)
        return commands.revoke(self, tx, token=token, reason=reason, now=now)

    def grant(
        self, tx: ActorTransaction, *, subject: Did, name: str, expires_at: int
    ) -> Signed[Credential]:
        """State that a subject has a name, and send it the credential. Raises ShapeError."""
        refuse_restored(tx)
        return credentials.grant(self, tx, subject=subject, name=name, expires_at=expires_at)

    def withdraw(
        self, tx: ActorTransaction, *, subject: Did, name: str, reason: str, now: Now
    ) -> tuple[Cid, ...]:
        """Take back all credentials of a subject by this name that are in force; their CIDs."""
        refuse_restored(tx)
        return credentials.withdraw(self, tx, subject=subject, name=name, reason=reason, now=now)
