"""Spending: the chain of tokens that pays for a job, its account, and the policies that apply.

Rule: units are spent from the account of whom the root token was issued to; a child only hands on
the right to it. A token that was revoked pays for nothing, nor do its children.
"""

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.rows import POLICIES, REVOCATIONS, TOKENS
from mesh.core.records.jobs import JobManifest
from mesh.core.records.settlement import Policy
from mesh.core.settlement.refusals import AwardRefusal, Refusal
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.in_force import PolicyInForce, applicable
from runtime.tokens.token import (
    CHAIN_MAX,
    Demand,
    ResourceToken,
    ResourceType,
    TokenChain,
    TokenRefusal,
    check_chain,
)

Chain = tuple[Signed[ResourceToken], ...]


def chain_of(issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, leaf: Cid) -> Chain:
    """A token and its parents, leaf first, one more than there may be at most. Raises
    RecordError."""
    return chain_from(issuer, tx, incoming, issuer.resting_on(tx, incoming, ResourceToken, leaf))


def chain_from(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, leaf: Signed[ResourceToken]
) -> Chain:
    """As `chain_of`, where the leaf is here."""
    found = [leaf]
    while (parent := found[-1].body.parent) is not None and len(found) <= CHAIN_MAX:
        found.append(issuer.resting_on(tx, incoming, ResourceToken, parent))
    return tuple(found)


def refuse_chain(
    issuer: IssuerCore,
    tx: ActorTransaction,
    manifest: Signed[JobManifest],
    chain: Chain,
    price: int,
    now: Now,
) -> Refusal | None:
    """Why a chain of tokens does not pay a price for a job, or None."""
    body = manifest.body
    accepts = not body.accepted_issuers or issuer.did in body.accepted_issuers
    demand = Demand(
        mesh=issuer.members(tx).mesh,
        holder=manifest.signer,
        resource_type=body.resource_type,
        scope=body.scope,
        amount=price,
        issuers=(issuer.did,) if accepts else (),
    )
    refusal = check_tokens(tx, chain, demand, now)
    if refusal is None:
        return None
    return Refusal(reason=AwardRefusal.TOKEN, detail=refusal.value)


def check_tokens(
    tx: ActorTransaction, chain: TokenChain, demand: Demand, now: Now
) -> TokenRefusal | None:
    """As `check_chain`, with the revocations that are known here."""
    revocations = tx.rows(REVOCATIONS)
    revoked = [link.cid for link in chain if revocations.get(link.cid) is not None]
    return check_chain(chain, demand, revoked=revoked, now=now.wall)


def payer_of(tx: ActorTransaction, root: Signed[ResourceToken]) -> Did:
    """Whose account a root token draws on."""
    row = tx.rows(TOKENS).get(root.cid)
    return root.body.audience if row is None else row.payer


def policies_for(
    issuer: IssuerCore, tx: ActorTransaction, resource_type: ResourceType, scope: str
) -> tuple[PolicyInForce, ...]:
    """The policies that apply to a demand, the widest scope first."""
    found = []
    for row in tx.rows(POLICIES).select(resource_type=resource_type):
        body = issuer.archive.get(tx.blocks, Policy, row.policy).body
        found.append(
            PolicyInForce(cid=row.policy, scope=body.scope, version=body.edition, rule=body.rule)
        )
    return applicable(found, scope)
