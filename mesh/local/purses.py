"""Means of paying for a job: a token with its parents, and what the ledger says of them now."""

from collections.abc import Sequence

from mesh.adapters.sqlite import SqliteTransaction
from mesh.local.world import World
from mesh.submission import Purse
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.in_force import PolicyInForce, UsageKey
from runtime.tokens.policy import Usage
from runtime.tokens.token import CHAIN_MAX, ResourceToken, ResourceType
from runtime.tokens.transfers import AccountKey, AccountKind


def chain_of(tx: SqliteTransaction, world: World, token: Cid) -> tuple[Signed[ResourceToken], ...]:
    """A token and its parents, leaf first; cut off where the chain may not go on."""
    chain: list[Signed[ResourceToken]] = []
    following: Cid | None = token
    while following is not None and len(chain) <= CHAIN_MAX:
        link = world.archive.get(tx, ResourceToken, following)
        chain.append(link)
        following = link.body.parent
    return tuple(chain)


def purse_of(
    tx: SqliteTransaction, chain: Sequence[Signed[ResourceToken]], submitter: Did
) -> Purse:
    """What pays, as the ledger has it now."""
    root = chain[-1].body
    account = tx.ledger.account(
        AccountKey(issuer=root.issuer, unit=root.resource_type, owner=root.audience)
    )
    policy = tx.ledger.policy(root.issuer, root.resource_type)
    return Purse(
        chain=chain,
        uses=tuple(tx.ledger.token_use(link.cid) for link in chain),
        available=account.available,
        policy=policy,
        usage=Usage()
        if policy is None
        else tx.ledger.usage(usage_key(root.issuer, root.resource_type, policy, submitter)),
    )


def usage_key(
    issuer: Did, resource_type: ResourceType, policy: PolicyInForce, subject: Did
) -> UsageKey:
    """What a subject has committed under all versions of a policy."""
    return UsageKey(issuer=issuer, resource_type=resource_type, scope=policy.scope, subject=subject)


def available_units(tx: SqliteTransaction, owner: Did) -> dict[str, int]:
    """An owner's available units by resource type, over all issuers."""
    found: dict[str, int] = {}
    for account in tx.ledger.accounts_of(owner):
        unit = account.key.unit
        if account.key.kind is AccountKind.HOLDINGS and isinstance(unit, ResourceType):
            found[unit.value] = found.get(unit.value, 0) + account.available
    return found
