"""Commands of an issuer's operator: issuing, setting policies, setting units aside for a scope.

Rule: a command is carried out within a turn, and signs what it does; a mistake is a returned value.
"""

from blake3 import blake3

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.issuer.awards.spending import payer_of
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.owners.accounts import note_revocation
from mesh.actors.issuer.rows import POLICIES, REVOCATIONS, STATEMENTS, TOKENS, PolicyRow, TokenRow
from mesh.core.ids import issue_id
from mesh.core.ports.messages import Outgoing
from mesh.core.records.registry import sign
from mesh.core.records.settlement import Policy, Revocation
from runtime.content.cid import Cid
from runtime.content.did import Did, parse_did
from runtime.content.shapes import ShapeError
from runtime.host.policy import POLICIES_MAX
from runtime.identity.signed import Signed
from runtime.tokens.ledger import Refused
from runtime.tokens.policy import Rule
from runtime.tokens.token import NONCE_BYTES, ResourceToken, ResourceType
from runtime.tokens.transfers import Issue, Move


def issue_token(
    issuer: IssuerCore,
    tx: ActorTransaction,
    *,
    owner: Did,
    resource_type: ResourceType,
    amount: int,
    scope: str,
    expires_at: int,
    now: Now,
) -> Signed[ResourceToken] | Refused:
    """Create units for an owner, and the token to spend them with. Raises ShapeError."""
    token = _token(issuer, owner, resource_type, amount, scope, expires_at)
    issue = Issue(
        id=issue_id(token.cid), issuer=issuer.did, owner=owner, unit=resource_type, amount=amount
    )
    refused = issuer.books(tx).carry_out(issue, now=now.wall)
    if refused is not None:
        return refused
    _hand_out(issuer, tx, token, owner, now)
    return token


def allocate(
    issuer: IssuerCore,
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
    token = _token(issuer, owner, resource_type, amount, scope, expires_at)
    books, aside = issuer.books(tx), allocation_account(owner, scope)
    move = Move(
        id=issue_id(token.cid),
        debit=books.key(resource_type, owner),
        credit=books.key(resource_type, aside),
        amount=amount,
    )
    refused = books.carry_out(move, now=now.wall)
    if refused is not None:
        return refused
    _hand_out(issuer, tx, token, aside, now)
    return token


def allocation_account(owner: Did, scope: str) -> Did:
    """The account of the units that an owner has set aside for a scope."""
    digest = blake3(f"{owner}\0{scope}".encode(), derive_key_context="icn-mesh/2 allocation")
    return parse_did(f"did:icn:allocation:{digest.hexdigest()}")


def set_policy(
    issuer: IssuerCore,
    tx: ActorTransaction,
    *,
    resource_type: ResourceType,
    scope: str,
    rule: Rule,
    now: Now,
) -> Signed[Policy]:
    """Put a rule in force in place of the one before it; usage goes on. Raises ShapeError, also
    for more scopes than a context shows."""
    rows = tx.rows(POLICIES)
    before = rows.get(resource_type, scope)
    if before is None and rows.count(resource_type=resource_type) >= POLICIES_MAX:
        reason = f"{POLICIES_MAX} scopes of {resource_type.value} have a policy, no more may"
        raise ShapeError(reason, "scope")
    policy = issuer.sign(
        tx,
        Policy(
            resource_type=resource_type,
            scope=scope,
            edition=1 if before is None else before.edition + 1,
            rule=rule,
            effective_at=issuer.latest(tx, now),
        ),
    )
    rows.put(
        PolicyRow(
            resource_type=resource_type,
            scope=scope,
            edition=policy.body.edition,
            policy=policy.cid,
        )
    )
    for owner in tx.rows(STATEMENTS).select():
        statement, *policies = issuer.stated(tx, owner.owner, now)
        tx.outbox.put(Outgoing(to=(owner.owner,), record=statement, attached=tuple(policies)))
    return policy


def revoke(
    issuer: IssuerCore, tx: ActorTransaction, *, token: Cid, reason: str, now: Now
) -> Signed[Revocation] | None:
    """Take a token of one's own issue back, None where it is none, or was taken back before. What
    is left of units that it set aside returns to their owner."""
    found = issuer.archive.find(tx.blocks, ResourceToken, token)
    if found is None or found.signer != issuer.did:
        return None
    if tx.rows(REVOCATIONS).get(token) is not None:
        return None
    revoked_at = issuer.latest(tx, now)
    revocation = issuer.sign(tx, Revocation(target=token, reason=reason, revoked_at=revoked_at))
    note_revocation(tx, revocation)
    _return_units(issuer, tx, found, revocation)
    attached = (token, *issuer.stated(tx, found.body.audience, now))
    tx.outbox.put(Outgoing(to=(found.body.audience,), record=revocation.cid, attached=attached))
    return revocation


def _return_units(
    issuer: IssuerCore,
    tx: ActorTransaction,
    token: Signed[ResourceToken],
    revocation: Signed[Revocation],
) -> None:
    owner, unit = token.body.audience, token.body.resource_type
    payer = payer_of(tx, token)
    if payer == owner:
        return
    books = issuer.books(tx)
    aside = books.key(unit, payer)
    left = token.body.amount - books.token_use(token.cid).drawn
    amount = min(left, books.account(aside).available)
    if amount < 1:
        return
    move = Move(
        id=issue_id(revocation.cid), debit=aside, credit=books.key(unit, owner), amount=amount
    )
    refused = books.carry_out(move, now=revocation.body.revoked_at)
    assert refused is None, "so much is available"


def _token(
    issuer: IssuerCore,
    owner: Did,
    resource_type: ResourceType,
    amount: int,
    scope: str,
    expires_at: int,
) -> Signed[ResourceToken]:
    """Signed, and stored only once the ledger has its units: the audit holds each stored token
    against its entry."""
    body = ResourceToken(
        resource_type=resource_type,
        amount=amount,
        scope=scope,
        expires_at=expires_at,
        issuer=issuer.did,
        audience=owner,
        parent=None,
        nonce=issuer.entropy(NONCE_BYTES),
    )
    return sign(body, mesh=issuer.archive.mesh, key=issuer.key)


def _hand_out(
    issuer: IssuerCore, tx: ActorTransaction, token: Signed[ResourceToken], payer: Did, now: Now
) -> None:
    owner = token.body.audience
    issuer.keep(tx, token)
    tx.rows(TOKENS).put(TokenRow(token=token.cid, parent=None, audience=owner, payer=payer))
    attached = issuer.stated(tx, owner, now)
    tx.outbox.put(Outgoing(to=(owner,), record=token.cid, attached=attached))
