"""The audit of what an issuer has signed and granted: policies, tokens, answers.

Rule: the newest record of a place is the one in its row; nothing is granted that no record shows.
"""

from collections.abc import Iterator

from mesh.actors.issuer.rows import (
    ANSWERS,
    CANCELS,
    POLICIES,
    REVOCATIONS,
    TOKENS,
    TRANSFERS,
    AnswerRow,
    CancelRow,
    PolicyRow,
    RevocationRow,
    TokenRow,
    TransferRow,
)
from mesh.core.records.jobs import Cancel
from mesh.queries.audit.compare import compare
from mesh.queries.audit.findings import Finding, Kind, policy_name
from mesh.queries.audit.issuer.facts import IssuerFacts
from runtime.content.cid import Cid
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceToken


def check_requests(facts: IssuerFacts) -> Iterator[Finding]:
    store = facts.store
    yield from _policies(facts)
    yield from compare(
        store, TOKENS, _tokens(facts), lambda row: f"token {row.token} of {row.audience}"
    )
    yield from compare(
        store,
        REVOCATIONS,
        (
            RevocationRow(target=target, revocation=each.cid)
            for target, each in facts.revocations.items()
        ),
        lambda row: f"revocation of {row.target}",
    )
    yield from compare(
        store,
        ANSWERS,
        (AnswerRow(request=cid, answer=each.cid) for cid, each in facts.accepted.items()),
        lambda row: f"answer to {row.request}",
    )
    yield from compare(
        store,
        TRANSFERS,
        (
            TransferRow(signer=each.signer, cause=each.body.cause, transfer=each.cid)
            for each in facts.transfers
        ),
        lambda row: f"transfer of {row.signer} for {row.cause}",
    )
    yield from compare(store, CANCELS, _cancels(facts), lambda row: f"withdrawal of job {row.job}")


def _policies(facts: IssuerFacts) -> Iterator[Finding]:
    rows = []
    for (resource, scope), editions in facts.policies.items():
        newest = editions[-1]
        numbers = [each.body.edition for each in editions]
        if numbers != list(range(1, len(numbers) + 1)):
            yield Finding(
                kind=Kind.CHAIN,
                actor=facts.did,
                subject=policy_name(resource, scope),
                text=f"{policy_name(resource, scope)}: its editions are {numbers}, not 1 to "
                f"{numbers[-1]}",
            )
        rows.append(
            PolicyRow(
                resource_type=resource,
                scope=scope,
                edition=newest.body.edition,
                policy=newest.cid,
            )
        )
    yield from compare(
        facts.store,
        POLICIES,
        rows,
        lambda row: policy_name(row.resource_type, row.scope),
    )


def _tokens(facts: IssuerFacts) -> Iterator[TokenRow]:
    for root in facts.roots:
        yield _token(facts, root, root)
    for token in facts.store.all(ResourceToken):
        chain = facts.chain_of(token.cid)
        if token.cid in facts.accepted and chain and token.body.parent is not None:
            yield _token(facts, token, chain[-1])


def _token(
    facts: IssuerFacts, token: Signed[ResourceToken], root: Signed[ResourceToken]
) -> TokenRow:
    return TokenRow(
        token=token.cid,
        parent=token.body.parent,
        audience=token.body.audience,
        payer=facts.payer_of(root),
    )


def _cancels(facts: IssuerFacts) -> Iterator[CancelRow]:
    """The first withdrawal of each job that was accepted; of several, that of the row."""
    stored = {row.job: row.cancel for row in facts.store.rows(CANCELS)}
    found: dict[Cid, list[Cid]] = {}
    for each in facts.store.all(Cancel):
        if each.cid in facts.accepted:
            found.setdefault(each.body.job, []).append(each.cid)
    for job, cancels in found.items():
        named = stored.get(job)
        yield CancelRow(job=job, cancel=named if named in cancels else cancels[0])
