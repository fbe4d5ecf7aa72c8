"""Tokens, accounts and policies of an embedded mesh: what the local issuer keeps.

Rule: a token and the units it stands for come into being in one transaction.
"""

from typing import TYPE_CHECKING

from msgspec import Struct

from mesh.local.members import TOKEN, issue
from mesh.local.purses import chain_of, usage_key
from mesh.records import Policy
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import ShapeError
from runtime.identity.signed import Signed, sign
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.choice import shares_of
from runtime.tokens.draws import left_of_chain
from runtime.tokens.in_force import Explanation, PolicyInForce, applicable, explain
from runtime.tokens.policy import Rule
from runtime.tokens.token import NONCE_BYTES, ResourceToken, ResourceType
from runtime.tokens.transfers import Account, AccountKind

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh


class TokenView(Struct, frozen=True, kw_only=True):
    """A token with what is left under it. is_ours: made out to the local submitter."""

    cid: Cid
    token: ResourceToken
    left: int
    is_ours: bool
    is_expired: bool
    is_revoked: bool


def issue_token(
    mesh: "LocalMesh",
    *,
    resource_type: ResourceType,
    amount: int,
    audience: Did | None,
    scope: str,
    expires_at: int,
) -> Signed[ResourceToken]:
    """The issuer signs a root token and credits its units. Raises CommandError."""
    now = mesh.now
    if expires_at <= now:
        raise CommandError(
            ExitCode.USAGE,
            "token-expiry-past",
            f"the token would have expired {now - expires_at} s ago",
            hint="--expires-in SECONDS counts from now",
        )
    try:
        token = ResourceToken(
            resource_type=resource_type,
            amount=amount,
            scope=scope,
            expires_at=expires_at,
            issuer=mesh.members.issuer.did,
            audience=audience or mesh.submitter.did,
            parent=None,
            nonce=mesh.entropy(NONCE_BYTES),
        )
        with mesh.store.write() as tx:
            return issue(tx, mesh.archive, mesh.members.issuer, token, now=now)
    except (ShapeError, ValueError) as error:
        raise CommandError(
            ExitCode.USAGE,
            "token-malformed",
            f"the token cannot be issued: {error}",
            hint="meshctl tokens issue --help",
        ) from None


def tokens(mesh: "LocalMesh") -> tuple[TokenView, ...]:
    """The tokens in this store, by CID."""
    now = mesh.now
    with mesh.store.read() as tx:
        found = []
        for name in tx.settings.names(TOKEN):
            cid: Cid = tx.settings.get(name)
            chain = chain_of(tx, mesh.reading, cid)
            leaf = chain[0].body
            uses = tuple(tx.ledger.token_use(link.cid) for link in chain)
            left = left_of_chain(shares_of(chain), uses)
            found.append(
                TokenView(
                    cid=cid,
                    token=leaf,
                    left=left,
                    is_ours=leaf.audience == mesh.submitter.did,
                    is_expired=any(now >= link.body.expires_at for link in chain),
                    is_revoked=any(tx.ledger.is_revoked(link.cid) for link in chain),
                )
            )
    return tuple(found)


def holdings(mesh: "LocalMesh") -> tuple[Account, ...]:
    """The submitter's accounts."""
    with mesh.store.read() as tx:
        accounts = tx.ledger.accounts_of(mesh.submitter.did)
    return tuple(each for each in accounts if each.key.kind is AccountKind.HOLDINGS)


def set_policy(mesh: "LocalMesh", resource_type: ResourceType, rule: Rule) -> Cid:
    """The issuer's rule for a resource from now on; the CID of its signed record."""
    record = sign(
        Policy(resource_type=resource_type, rule=rule, effective_at=mesh.now),
        mesh=mesh.members.mesh,
        key=mesh.members.issuer,
    )
    with mesh.store.write() as tx:
        mesh.archive.put(tx, record)
        issuer = mesh.members.issuer.did
        before = tx.ledger.policy(issuer, resource_type)
        version = 1 if before is None else before.version + 1
        in_force = PolicyInForce(cid=record.cid, version=version, rule=rule)
        tx.ledger.set_policy(issuer, resource_type, in_force)
    return record.cid


def policies(mesh: "LocalMesh") -> dict[ResourceType, tuple[PolicyInForce, int]]:
    """The issuer's rules in force, and what the submitter has committed under each."""
    issuer = mesh.members.issuer.did
    found = {}
    with mesh.store.read() as tx:
        for kind in ResourceType:
            policy = tx.ledger.policy(issuer, kind)
            if policy is not None:
                key = usage_key(issuer, kind, policy, mesh.submitter.did)
                usage = tx.ledger.usage(key)
                found[kind] = (policy, usage.committed)
    return found


def explain_policies(
    mesh: "LocalMesh", resource_type: ResourceType, scope: str, subject: Did, amount: int
) -> Explanation:
    """What the issuer's policies say of an amount that `subject` would commit now."""
    issuer = mesh.members.issuer.did
    with mesh.store.read() as tx:
        policy = tx.ledger.policy(issuer, resource_type)
        found = applicable(() if policy is None else (policy,), scope)
        usages = [
            (each, tx.ledger.usage(usage_key(issuer, resource_type, each, subject)))
            for each in found
        ]
    return explain(usages, subject=subject, amount=amount, now=mesh.now)
