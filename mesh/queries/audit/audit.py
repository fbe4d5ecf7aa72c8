"""The audit of a home: all its actors at one moment, each against its own signed records.

Rule: everything is computed anew and compared with what is stored; it changes nothing.
"""

from collections.abc import Callable, Iterator
from typing import Final

from mesh.actors.stores import View
from mesh.core.membership.members import Members
from mesh.core.records.archive import Archive
from mesh.core.records.membership import Role
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.inventory import check_blocks, check_copies
from mesh.queries.audit.issuer.attempts import check_attempts
from mesh.queries.audit.issuer.attempts import check_jobs as check_issuer_jobs
from mesh.queries.audit.issuer.entries import check_entries, expected_entries
from mesh.queries.audit.issuer.facts import IssuerFacts
from mesh.queries.audit.issuer.requests import check_requests
from mesh.queries.audit.issuer.seen import check_clock, check_seen
from mesh.queries.audit.issuer.statements import check_stated, check_statements
from mesh.queries.audit.issuer.sums import check_accounts, check_token_uses
from mesh.queries.audit.issuer.usages import check_usages
from mesh.queries.audit.machines.nodes import check_node
from mesh.queries.audit.machines.verifiers import check_verifier
from mesh.queries.audit.members import check_members
from mesh.queries.audit.queues import check_early, check_outbox, check_work
from mesh.queries.audit.reading import ActorStore, Home
from mesh.queries.audit.submitter.effects import check_effects
from mesh.queries.audit.submitter.histories import Histories, check_jobs
from mesh.queries.audit.submitter.holds import Attempts, check_holds
from mesh.queries.audit.submitter.readings import check_readings


def audit(view: View, archive: Archive, members: Members, now: int) -> tuple[Finding, ...]:
    """What does not fit together, one line each; empty if all does. now: Unix seconds."""
    home = Home(view, archive, members, now)
    found: dict[str, Finding] = {}
    for store in home.actors.values():
        for check in (check_copies, check_members):
            for each in _readable(store, check):
                found.setdefault(each.text, each)
    for role, check_role in _OF_ROLE.items():
        for store in home.with_role(role):
            for each in _readable(store, check_role):
                found.setdefault(each.text, each)
    for check_all in (check_outbox, check_work):
        for each in check_all(home):
            found.setdefault(each.text, each)
    return tuple(found.values())


def _readable(
    store: ActorStore, check: Callable[[ActorStore], Iterator[Finding]]
) -> Iterator[Finding]:
    """What a check finds, up to a row that cannot be read."""
    try:
        yield from check(store)
    except ValueError as error:
        yield Finding(
            kind=Kind.ROW_UNREADABLE,
            actor=store.did,
            subject=f"rows of {store.name}",
            text=f"{store.name}: a row cannot be read: {error}",
        )


def _issuer(store: ActorStore) -> Iterator[Finding]:
    facts = IssuerFacts(store)
    entries = expected_entries(facts)
    yield from check_attempts(facts)
    yield from check_issuer_jobs(facts)
    yield from check_requests(facts)
    yield from check_statements(facts)
    yield from check_seen(facts)
    yield from check_clock(facts)
    if not facts.are_whole:
        return
    yield from check_entries(facts, entries)
    yield from check_accounts(facts, entries)
    yield from check_token_uses(facts, entries)
    yield from check_usages(facts, entries)
    yield from check_stated(facts, entries)


def _submitter(store: ActorStore) -> Iterator[Finding]:
    yield from check_blocks(store)
    histories = Histories(store)
    yield from histories.findings
    yield from check_jobs(histories)
    attempts = Attempts(histories)
    yield from check_holds(attempts)
    yield from check_readings(store, attempts)
    yield from check_effects(histories)
    yield from check_early(store)


_OF_ROLE: Final = {
    Role.ISSUER: _issuer,
    Role.SUBMITTER: _submitter,
    Role.NODE: check_node,
    Role.VERIFIER: check_verifier,
}
