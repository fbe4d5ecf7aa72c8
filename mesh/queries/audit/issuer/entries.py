"""The audit of ledger entries: issues, allocations, holds with their payments, moves, returns.

Rule: each entry follows from a signed record, to the unit. A record says not always when it was
booked: such a time is kept as it is.
"""

from collections.abc import Iterator

from mesh.actors.base import CLOCK_SKEW_SECONDS
from mesh.core.ids import issue_id, transfer_id
from mesh.core.records.settlement import Policy, Revocation
from mesh.core.settlement.books import ENTRIES, EntryRow
from mesh.queries.audit.compare import compare
from mesh.queries.audit.findings import Finding
from mesh.queries.audit.issuer.facts import HoldFacts, IssuerFacts
from mesh.queries.audit.issuer.usages import number_changes
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceToken
from runtime.tokens.transfers import (
    AccountKind,
    CountedUnder,
    Payment,
    TransferId,
    TransferState,
)


def expected_entries(facts: IssuerFacts) -> list[EntryRow]:
    """The ledger's entries, as signed records have them."""
    return [
        *(_of_root(facts, each) for each in facts.roots),
        *_returns(facts),
        *number_changes(facts, [_of_hold(facts, each) for each in facts.holds]),
        *_moves(facts),
    ]


def check_entries(facts: IssuerFacts, expected: list[EntryRow]) -> Iterator[Finding]:
    yield from compare(facts.store, ENTRIES, expected, _noun)


def _noun(row: EntryRow) -> str:
    if row.credit_owner is None:
        return f"hold {row.id.hex()[:16]} of {row.amount} {row.unit} of {row.debit_owner}"
    verb = "issue" if row.debit_kind is AccountKind.ISSUANCE else "transfer"
    return f"{verb} {row.id.hex()[:16]} of {row.amount} {row.unit} to {row.credit_owner}"


def _posted(
    facts: IssuerFacts,
    id_: TransferId,
    unit: str,
    *,
    debit: tuple[Did, AccountKind],
    credit: Did,
    amount: int,
    at: int | None = None,
) -> EntryRow:
    """An entry that moves units at once. at: None where no record says when."""
    before = facts.entries.get(id_)
    if at is None:
        founded_at = facts.store.home.members.genesis.body.created_at
        at = founded_at if before is None else before.created_at
    return EntryRow(
        id=id_,
        unit=unit,
        debit_owner=debit[0],
        debit_kind=debit[1],
        credit_owner=credit,
        credit_kind=AccountKind.HOLDINGS,
        amount=amount,
        state=TransferState.POSTED,
        created_at=at,
        tokens=(),
        policies=(),
        subject=None,
        payments=(),
    )


def _of_root(facts: IssuerFacts, token: Signed[ResourceToken]) -> EntryRow:
    body = token.body
    is_aside = token.cid in facts.allocations
    holdings, issuance = AccountKind.HOLDINGS, AccountKind.ISSUANCE
    return _posted(
        facts,
        issue_id(token.cid),
        body.resource_type.value,
        debit=(body.audience, holdings) if is_aside else (facts.did, issuance),
        credit=facts.payer_of(token),
        amount=body.amount,
    )


def _moves(facts: IssuerFacts) -> Iterator[EntryRow]:
    for transfer in facts.transfers:
        for item in transfer.body.items:
            if item.to != transfer.signer:
                yield _posted(
                    facts,
                    transfer_id(transfer.signer, transfer.body.cause, item.position),
                    item.resource_type.value,
                    debit=(transfer.signer, AccountKind.HOLDINGS),
                    credit=item.to,
                    amount=item.amount,
                )


def _returns(facts: IssuerFacts) -> Iterator[EntryRow]:
    """What was left of units that were set aside, when their token was taken back."""
    for token in facts.roots:
        revocation = facts.revocations.get(token.cid)
        if token.cid not in facts.allocations or revocation is None:
            continue
        amount = _returned(facts, token, revocation)
        if amount > 0:
            yield _posted(
                facts,
                issue_id(revocation.cid),
                token.body.resource_type.value,
                debit=(facts.payer_of(token), AccountKind.HOLDINGS),
                credit=token.body.audience,
                amount=amount,
                at=revocation.body.revoked_at,
            )


def _returned(
    facts: IssuerFacts, token: Signed[ResourceToken], revocation: Signed[Revocation]
) -> int:
    """What was left: of holds that ended in the same second, either may be."""
    at = revocation.body.revoked_at
    least = most = token.body.amount
    for each in facts.holds:
        if token.cid not in (link.cid for link in each.chain) or each.hold.body.issued_at > at:
            continue
        ended_at = None if each.settlement is None else each.settlement.body.issued_at
        most -= each.paid if ended_at is not None and ended_at <= at else each.hold.body.amount
        least -= each.paid if ended_at is not None and ended_at < at else each.hold.body.amount
    stored = facts.entries.get(issue_id(revocation.cid))
    is_possible = stored is not None and least <= stored.amount <= most
    return stored.amount if stored is not None and is_possible else most


# --- holds


def _of_hold(facts: IssuerFacts, each: HoldFacts) -> EntryRow:
    hold, manifest = each.hold.body, each.manifest
    payments: tuple[Payment, ...] = ()
    state = TransferState.PENDING
    if each.settlement is not None:
        payments = tuple(
            Payment(owner=paid.to, amount=paid.amount) for paid in each.settlement.body.payments
        )
        state = TransferState.POSTED if payments else TransferState.VOIDED
    stored = facts.entries.get(hold.id)
    return EntryRow(
        id=hold.id,
        unit=manifest.body.resource_type.value,
        debit_owner=facts.payer_of(each.chain[-1]),
        debit_kind=AccountKind.HOLDINGS,
        credit_owner=None,
        credit_kind=None,
        amount=hold.amount,
        state=state,
        created_at=_held_at(each, stored),
        tokens=tuple(link.cid for link in each.chain),
        policies=tuple(_counted(facts, each, stored)),
        subject=manifest.signer,
        payments=payments,
    )


def _held_at(each: HoldFacts, stored: EntryRow | None) -> int:
    """A hold for a manifest from the future is dated later than it was booked."""
    issued_at = each.hold.body.issued_at
    least = each.manifest.body.created_at - CLOCK_SKEW_SECONDS
    is_later = issued_at == least and stored is not None and stored.created_at <= issued_at
    return stored.created_at if stored is not None and is_later else issued_at


def _counted(
    facts: IssuerFacts, each: HoldFacts, stored: EntryRow | None
) -> Iterator[CountedUnder]:
    """The policies that were in force, their numbers not yet given: a later edition than the times
    say may be, where the clock was set back since; no edition is dated before a hold that came
    before it."""
    body, at = each.manifest.body, each.hold.body.issued_at
    named = () if stored is None else tuple(under.policy for under in stored.policies)
    for editions in facts.policies_for(body.resource_type, body.scope):
        chosen = _in_force(editions, named, at)
        if chosen is not None:
            yield CountedUnder(policy=chosen.cid, scope=chosen.body.scope, number=0)


def _in_force(
    editions: list[Signed[Policy]], named: tuple[Cid, ...], at: int
) -> Signed[Policy] | None:
    before = [each for each in editions if each.body.effective_at < at]
    least = before[-1].body.edition if before else 0
    possible = (each for each in editions if each.body.edition >= least)
    found = next((each for each in possible if each.cid in named), None)
    return before[-1] if found is None and before else found
