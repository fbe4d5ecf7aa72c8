"""The audit of usages: what each subject has committed under policies, change by change.

Rule: the issuer's own rule is applied again, in the order in which holds and returns were booked.
That order is in the entries, as no time says it where the clock was set back; a change whose number
is lost takes one that is left, by its time.
"""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from mesh.core.records.settlement import Policy, Settlement
from mesh.core.settlement.books import USAGES, CommittedRow, EntryRow
from mesh.queries.audit.compare import compare
from mesh.queries.audit.findings import Finding
from mesh.queries.audit.issuer.facts import IssuerFacts
from mesh.queries.audit.issuer.sums import drawn_by
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.assessment import evaluate
from runtime.tokens.policy import Allowed, Usage, released
from runtime.tokens.token import ResourceType
from runtime.tokens.transfers import CountedUnder, TransferId

_Key = tuple[ResourceType, str, Did]


class _Change(Struct, frozen=True, kw_only=True):
    """A hold that was counted, or the return of what was left of it. number: the stored one."""

    row: EntryRow
    under: CountedUnder
    is_return: bool
    at: int
    number: int | None


# --- the order


def number_changes(facts: IssuerFacts, holds: list[EntryRow]) -> list[EntryRow]:
    """The entries of holds, each with the numbers of the changes that it was."""
    ends = {each.hold.body.id: each.settlement for each in facts.holds}
    changes: dict[_Key, list[_Change]] = {}
    for row in holds:
        for key, under in _counted(row):
            found = _changes_of(row, under, facts.entries.get(row.id), ends[row.id])
            changes.setdefault(key, []).extend(found)
    numbers: dict[tuple[TransferId, str, bool], int] = {}
    for unordered in changes.values():
        for number, each in enumerate(_in_order(unordered), 1):
            numbers[each.row.id, each.under.scope, each.is_return] = number
    return [
        replace(
            row,
            policies=tuple(
                replace(
                    under,
                    number=numbers[row.id, under.scope, False],
                    returned=numbers.get((row.id, under.scope, True)),
                )
                for under in row.policies
            ),
        )
        for row in holds
    ]


def _counted(row: EntryRow) -> Iterator[tuple[_Key, CountedUnder]]:
    for under in row.policies:
        assert row.subject is not None, "a hold has a subject"
        yield (ResourceType(row.unit), under.scope, row.subject), under


def _changes_of(
    row: EntryRow,
    under: CountedUnder,
    stored: EntryRow | None,
    end: Signed[Settlement] | None,
) -> Iterator[_Change]:
    named = () if stored is None else stored.policies
    before = next((each for each in named if each.scope == under.scope), None)
    number, returned = (None, None) if before is None else (before.number, before.returned)
    yield _Change(row=row, under=under, is_return=False, at=row.created_at, number=number)
    if end is not None and drawn_by(row) < row.amount:
        ended_at = end.body.issued_at
        yield _Change(row=row, under=under, is_return=True, at=ended_at, number=returned)


def _in_order(changes: list[_Change]) -> list[_Change]:
    """The changes of a usage by their numbers, 1, 2, 3 …; the others in the gaps, by time. In one
    second, what older holds returned made room for new ones."""
    claims = Counter(each.number for each in changes)
    placed = {
        each.number: each
        for each in changes
        if each.number in range(1, len(changes) + 1) and claims[each.number] == 1
    }
    left = (each for each in changes if placed.get(each.number) is not each)
    rest = iter(sorted(left, key=_by_time))
    numbers = range(1, len(changes) + 1)
    return [placed[number] if number in placed else next(rest) for number in numbers]


def _by_time(change: _Change) -> tuple[int, bool, bool, TransferId]:
    is_of_new = change.row.created_at == change.at
    return change.at, is_of_new, change.is_return, change.row.id


# --- the sums


def committed_by(entries: list[EntryRow]) -> Counter[_Key]:
    """What each subject has committed of a resource within a scope that a policy counts."""
    committed: Counter[_Key] = Counter()
    for row in entries:
        for key, _ in _counted(row):
            committed[key] += drawn_by(row)
    return committed


def check_usages(facts: IssuerFacts, entries: list[EntryRow]) -> Iterator[Finding]:
    """What each subject has committed under the policies that counted its holds."""
    changes: dict[_Key, dict[int, tuple[EntryRow, CountedUnder]]] = {}
    for row in entries:
        for key, under in _counted(row):
            for number in (under.number, under.returned):
                if number is not None:
                    changes.setdefault(key, {})[number] = (row, under)
    # The sum needs no order: it is right, too, where two numbers are lost.
    committed = committed_by(entries)
    wanted = (
        CommittedRow(
            resource_type=key[0],
            scope=key[1],
            subject=key[2],
            committed=committed[key],
            buckets=_usage_after(facts, found).buckets,
            changes=len(found),
        )
        for key, found in changes.items()
    )
    yield from compare(facts.store, USAGES, wanted, _noun)


def _noun(row: CommittedRow) -> str:
    return f"usage of {row.resource_type.value} by {row.subject} in '{row.scope}'"


def _usage_after(facts: IssuerFacts, changes: dict[int, tuple[EntryRow, CountedUnder]]) -> Usage:
    usage = Usage()
    for number, (row, under) in sorted(changes.items()):
        if number == under.returned:
            usage = released(usage, row.amount - drawn_by(row))
        else:
            usage = _after_hold(facts, usage, row, under)
    return usage


def _after_hold(facts: IssuerFacts, before: Usage, row: EntryRow, under: CountedUnder) -> Usage:
    """What the policy makes of a hold. One that would not have allowed it is not the right one: the
    units count all the same."""
    policy = facts.store.get(Policy, under.policy)
    assert policy is not None and row.subject is not None, "an edition of the issuer's own"
    answer = evaluate(
        policy.body.rule,
        subject=row.subject,
        amount=row.amount,
        usage=before,
        now=row.created_at,
    )
    if isinstance(answer, Allowed):
        return answer.usage
    return replace(before, committed=before.committed + row.amount)
