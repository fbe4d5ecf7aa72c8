"""The audit of statements: the newest of each owner says what the books said when it was signed.

Rule: what an owner does itself is answered with a Statement, so all of that is in its newest one.
What others pay to it, or spend of its tokens, is in it where it was booked long enough before.
"""

from collections.abc import Container, Iterator, Mapping

from msgspec import Struct

from mesh.actors.base import CLOCK_SKEW_SECONDS
from mesh.actors.issuer.rows import STATEMENTS, StatementRow
from mesh.core.ids import issue_id
from mesh.core.records.settlement import Settlement, Statement, usage_name
from mesh.core.settlement.books import EntryRow
from mesh.queries.audit.compare import compare
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.issuer.facts import IssuerFacts
from mesh.queries.audit.issuer.usages import committed_by
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.transfers import AccountKind, TransferId


def check_statements(facts: IssuerFacts) -> Iterator[Finding]:
    """The newest statement of each owner is the one in its row; no number was given twice."""
    numbers: dict[tuple[Did, int], Signed[Statement]] = {}
    for each in facts.store.own(Statement):
        owner, number = each.body.owner, each.body.sequence
        if numbers.setdefault((owner, number), each) != each:
            yield _finding(facts, Kind.CHAIN, owner, f"number {number} was signed twice")
    rows = (
        StatementRow(owner=owner, sequence=each.body.sequence, statement=each.cid)
        for owner, each in _newest(facts).items()
    )
    yield from compare(facts.store, STATEMENTS, rows, lambda row: f"statement of {row.owner}")


def check_stated(facts: IssuerFacts, entries: list[EntryRow]) -> Iterator[Finding]:
    """The newest statement of each owner says what the entries come to."""
    in_force = {editions[-1].cid for editions in facts.policies.values()}
    for owner, each in _newest(facts).items():
        body = each.body
        available, held = _sums(facts, entries, body)
        yield from _differing(facts, body, "balances", available)
        yield from _differing(facts, body, "held", held)
        yield from _differing(facts, body, "usage", _used(entries, owner))
        if set(body.policies) != in_force:
            text = f"number {body.sequence}: its policies are not those in force"
            yield _finding(facts, Kind.RECORD_UNFIT, owner, text)


def _newest(facts: IssuerFacts) -> dict[Did, Signed[Statement]]:
    newest: dict[Did, Signed[Statement]] = {}
    for each in facts.store.own(Statement):
        owner = each.body.owner
        if owner not in newest or newest[owner].body.sequence < each.body.sequence:
            newest[owner] = each
    return newest


class Range(Struct, kw_only=True):
    """What a sum may have been: of what was booked at about that time, any part."""

    least: int = 0
    most: int = 0

    def __str__(self) -> str:
        return str(self.most) if self.least == self.most else f"{self.least} to {self.most}"

    def add(self, amount: int, *, is_certain: bool) -> None:
        self.least += amount if is_certain else min(amount, 0)
        self.most += amount if is_certain else max(amount, 0)


def _sums(
    facts: IssuerFacts, entries: list[EntryRow], body: Statement
) -> tuple[dict[str, Range], dict[str, Range]]:
    """What was available and what was held, by unit."""
    available: dict[str, Range] = {}
    held: dict[str, Range] = {}
    returns = {issue_id(each.cid) for each in facts.revocations.values()}
    ends = {each.hold.body.id: each.settlement for each in facts.holds}
    for row in entries:
        for each in _bookings(row, ends.get(row.id)):
            if each.owner != body.owner:
                continue
            is_old = each.at < body.issued_at - CLOCK_SKEW_SECONDS
            is_certain = is_old or _informed(row, returns) == body.owner
            available.setdefault(row.unit, Range()).add(each.available, is_certain=is_certain)
            held.setdefault(row.unit, Range()).add(each.held, is_certain=is_certain)
    return available, held


class _Booking(Struct, frozen=True, kw_only=True):
    """What an entry changed for an owner. at: Unix seconds."""

    owner: Did
    at: int
    available: int
    held: int = 0


def _bookings(row: EntryRow, end: Signed[Settlement] | None) -> Iterator[_Booking]:
    at, amount = row.created_at, row.amount
    if row.credit_owner is not None:
        if row.debit_kind is AccountKind.HOLDINGS:
            yield _Booking(owner=row.debit_owner, at=at, available=-amount)
        yield _Booking(owner=row.credit_owner, at=at, available=amount)
        return
    yield _Booking(owner=row.debit_owner, at=at, available=-amount, held=amount)
    if end is None:
        return
    at, paid = end.body.issued_at, sum(each.amount for each in row.payments)
    yield _Booking(owner=row.debit_owner, at=at, available=amount - paid, held=-amount)
    for each in row.payments:
        yield _Booking(owner=each.owner, at=at, available=each.amount)


def _informed(row: EntryRow, returns: Container[TransferId]) -> Did | None:
    """Who gets a Statement with each change of an entry. returns: of units that were set aside."""
    if row.credit_owner is None:
        return row.subject
    is_given = row.debit_kind is AccountKind.ISSUANCE or row.id in returns
    return row.credit_owner if is_given else row.debit_owner


def _used(entries: list[EntryRow], owner: Did) -> dict[str, Range]:
    """What the owner has committed under each policy."""
    return {
        usage_name(kind, scope): Range(least=units, most=units)
        for (kind, scope, subject), units in committed_by(entries).items()
        if subject == owner
    }


def _differing(
    facts: IssuerFacts,
    body: Statement,
    field: str,
    expected: Mapping[str, Range],
) -> Iterator[Finding]:
    stated: Mapping[str, int] = getattr(body, field)
    for unit in sorted(stated.keys() | expected.keys()):
        units, found = stated.get(unit, 0), expected.get(unit, Range())
        if not found.least <= units <= found.most:
            text = f"{field} of {unit} is {units}, the entries come to {found}"
            yield _finding(facts, Kind.SUM, body.owner, f"number {body.sequence}: {text}")


def _finding(facts: IssuerFacts, kind: Kind, owner: Did, text: str) -> Finding:
    subject = f"statements of {owner}"
    return Finding(kind=kind, actor=facts.did, subject=subject, text=f"{subject}: {text}")
