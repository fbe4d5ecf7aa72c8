"""The audit of what a submitter has read of others: profiles, statements, policies, tokens, faults.

Rule: of records with a number the newest is in the row; when something was read, no record says.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from mesh.actors.submitter.rows import (
    CREDENTIALS,
    FAULTS,
    POLICIES,
    PROFILES,
    REVOKED,
    STATEMENTS,
    TOKENS,
    CredentialRow,
    FaultRow,
    PolicyRow,
    ProfileRow,
    RevocationRow,
    StatementRow,
    TokenRow,
)
from mesh.core.records.market import Credential, NodeProfile
from mesh.core.records.membership import Fault, Role
from mesh.core.records.settlement import Policy, Revocation, Statement
from mesh.core.records.work import Hold
from mesh.queries.audit.compare import compare
from mesh.queries.audit.findings import Finding, policy_name
from mesh.queries.audit.reading import ActorStore
from mesh.queries.audit.submitter.holds import Attempts
from runtime.content.cid import Cid
from runtime.identity.signed import Signed
from runtime.tokens.token import CHAIN_MAX, ResourceToken

T = TypeVar("T")


def check_readings(store: ActorStore, attempts: Attempts) -> Iterator[Finding]:
    name = store.home.members.name
    yield from compare(
        store,
        PROFILES,
        _profiles(store),
        lambda row: f"profile of {name(row.node)}",
        kept=("seen_at", "boot"),
    )
    yield from compare(
        store, STATEMENTS, _statements(store), lambda row: f"statement of {name(row.issuer)}"
    )
    yield from compare(
        store,
        POLICIES,
        _policies(store),
        lambda row: f"{policy_name(row.resource_type, row.scope)} that was read",
    )
    yield from compare(
        store, REVOKED, _revocations(store), lambda row: f"revocation of {row.target} that was read"
    )
    yield from compare(
        store, CREDENTIALS, _credentials(store), lambda row: f"credential {row.credential}"
    )
    yield from compare(
        store,
        FAULTS,
        _faults(store),
        lambda row: f"fault of {name(row.accused)}",
        kept=("seen_at",),
    )
    yield from compare(
        store,
        TOKENS,
        _tokens(store, attempts),
        lambda row: f"token {row.token}",
        kept=("received_at",),
    )


def _newest(
    records: Iterable[Signed[T]],
    place: Callable[[Signed[T]], Any],
    number: Callable[[T], int],
    first: set[Cid],
) -> dict[Any, Signed[T]]:
    """The newest record of each place. first: those of the rows, which came before others of the
    same number."""
    found: dict[Any, Signed[T]] = {}
    for each in records:
        known = found.get(place(each))
        if known is None or (number(known.body), known.cid in first) < (
            number(each.body),
            each.cid in first,
        ):
            found[place(each)] = each
    return found


def _has_role(store: ActorStore, record: Signed[Any], *roles: Role) -> bool:
    member = store.home.members.member(record.signer)
    return member is not None and any(role in member.roles for role in roles)


def _profiles(store: ActorStore) -> Iterator[ProfileRow]:
    machines = (
        each for each in store.all(NodeProfile) if _has_role(store, each, Role.NODE, Role.VERIFIER)
    )
    first = {row.profile for row in store.rows(PROFILES)}
    newest = _newest(machines, lambda each: each.signer, lambda body: body.sequence, first)
    for each in newest.values():
        yield ProfileRow(
            node=each.signer,
            node_id=each.body.node_id,
            sequence=each.body.sequence,
            profile=each.cid,
            credentials=each.body.credentials,
            seen_at=0,
            boot="",
        )


def _statements(store: ActorStore) -> Iterator[StatementRow]:
    own = (
        each
        for each in store.all(Statement)
        if each.body.owner == store.did and _has_role(store, each, Role.ISSUER)
    )
    first = {row.statement for row in store.rows(STATEMENTS)}
    newest = _newest(own, lambda each: each.signer, lambda body: body.sequence, first)
    for each in newest.values():
        yield StatementRow(issuer=each.signer, sequence=each.body.sequence, statement=each.cid)


def _policies(store: ActorStore) -> Iterator[PolicyRow]:
    signed = (each for each in store.all(Policy) if _has_role(store, each, Role.ISSUER))
    editions = _newest(
        signed,
        lambda each: (each.signer, each.body.resource_type, each.body.scope, each.body.edition),
        lambda body: body.edition,
        {row.policy for row in store.rows(POLICIES)},
    )
    for each in editions.values():
        yield PolicyRow(
            issuer=each.signer,
            resource_type=each.body.resource_type,
            scope=each.body.scope,
            edition=each.body.edition,
            policy=each.cid,
        )


def _revocations(store: ActorStore) -> Iterator[RevocationRow]:
    """What its signer has taken back; of several revocations, that of the row."""
    stored = {row.revocation for row in store.rows(REVOKED)}
    found: dict[Cid, list[Cid]] = {}
    for each in store.all(Revocation):
        target = store.any(each.body.target)
        if target is not None and target.signer == each.signer:
            found.setdefault(each.body.target, []).append(each.cid)
    for target_cid, cids in found.items():
        first = next((cid for cid in cids if cid in stored), cids[0])
        yield RevocationRow(target=target_cid, revocation=first)


def _credentials(store: ActorStore) -> Iterator[CredentialRow]:
    """Those that were shown; one that was only taken back counts for nothing either way."""
    stored = {row.credential for row in store.rows(CREDENTIALS)}
    revoked = {each.body.target for each in store.all(Revocation)}
    for each in store.all(Credential):
        if each.cid in stored or each.cid not in revoked:
            yield CredentialRow(
                credential=each.cid,
                subject=each.body.subject,
                name=each.body.name,
                issuer=each.signer,
                expires_at=each.body.expires_at,
            )


def _faults(store: ActorStore) -> Iterator[FaultRow]:
    """Each proved fault, once for its evidence; of several records of it, that of the row."""
    stored = {row.fault for row in store.rows(FAULTS)}
    found: dict[tuple[str, str], list[Signed[Fault]]] = {}
    for each in store.all(Fault):
        evidence = " ".join(sorted(map(str, each.body.evidence)))
        found.setdefault((each.body.accused, evidence), []).append(each)
    for (_, evidence), faults in found.items():
        first = next((each for each in faults if each.cid in stored), faults[0])
        yield FaultRow(
            accused=first.body.accused,
            evidence=evidence,
            fault=first.cid,
            seen_at=store.home.now,
        )


def _tokens(store: ActorStore, attempts: Attempts) -> Iterator[TokenRow]:
    """The tokens made out to this submitter, with what its holds have drawn on them."""
    spent: Counter[Cid] = Counter()
    for cid in attempts.held:
        hold = store.get(Hold, cid)
        if hold is None:
            continue
        settlement = attempts.ends.get(cid)
        returned = 0 if settlement is None else settlement.body.refunded
        for link in _chain(store, hold.body.token):
            spent[link.cid] += hold.body.amount - returned
    revoked = {row.target for row in _revocations(store)}
    for token in store.all(ResourceToken):
        chain = _chain(store, token.cid)
        if token.body.audience != store.did or not chain:
            continue
        yield TokenRow(
            token=token.cid,
            issuer=token.body.issuer,
            resource_type=token.body.resource_type,
            scope=token.body.scope,
            amount=token.body.amount,
            spent=spent[token.cid],
            expires_at=min(each.body.expires_at for each in chain),
            received_at=store.home.now,
            is_revoked=any(each.cid in revoked for each in chain),
            chain=tuple(each.cid for each in chain),
        )


def _chain(store: ActorStore, leaf: Cid) -> list[Signed[ResourceToken]]:
    """A token and its parents, empty where one is missing."""
    found: list[Signed[ResourceToken]] = []
    following: Cid | None = leaf
    while following is not None and len(found) < CHAIN_MAX:
        link = store.get(ResourceToken, following)
        if link is None:
            return []
        found.append(link)
        following = link.body.parent
    return found
