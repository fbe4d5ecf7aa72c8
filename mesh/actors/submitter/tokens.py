"""Tokens of the submitter: those made out to it, those that it hands on, and what is taken back.

Rule: a token is kept with its chain up to the issuer's; what it has left, the issuer says.
"""

from typing import Any, TypeAlias

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.reading import read_statement
from mesh.actors.submitter.rows import REVOKED, TOKENS, RevocationRow, TokenRow
from mesh.core.ports.messages import Outgoing
from mesh.core.records.market import Credential
from mesh.core.records.membership import Role
from mesh.core.records.registry import sign
from mesh.core.records.settlement import Revocation
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import RecordError, Signed
from runtime.tokens.token import (
    CHAIN_MAX,
    NONCE_BYTES,
    Demand,
    ResourceToken,
    TokenRefusal,
    check_chain,
)

Chain: TypeAlias = list[Signed[ResourceToken]]


def take_revocation(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    revocation: Signed[Revocation] = incoming.record
    target = revocation.body.target
    try:
        known: Signed[Any] = book.resting_on(tx, incoming, ResourceToken, target)
    except RecordError:
        try:
            known = book.resting_on(tx, incoming, Credential, target)
        except RecordError:
            return MessageRefusal.INCOMPLETE
    if known.signer != revocation.signer:
        return MessageRefusal.WRONG_ROLE
    body = known.body
    if book.did != (body.audience if isinstance(body, ResourceToken) else body.subject):
        return MessageRefusal.NOT_ADDRESSED
    book.keep(tx, known, revocation)
    read_statement(book, tx, incoming, now)
    note_revocation(tx, revocation)
    return None


def note_revocation(tx: ActorTransaction, revocation: Signed[Revocation]) -> None:
    target = revocation.body.target
    if tx.rows(REVOKED).get(target) is None:
        tx.rows(REVOKED).put(RevocationRow(target=target, revocation=revocation.cid))
    rows = tx.rows(TOKENS)
    for row in rows.select(is_revoked=False):
        if target in row.chain:
            rows.put(replace(row, is_revoked=True))


def take_token(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    token: Signed[ResourceToken] = incoming.record
    if token.body.audience != book.did:
        return MessageRefusal.NOT_ADDRESSED
    read_statement(book, tx, incoming, now)
    if tx.rows(TOKENS).get(token.cid) is not None:
        return None
    chain = [token]
    try:
        while (parent := chain[-1].body.parent) is not None and len(chain) <= CHAIN_MAX:
            chain.append(book.resting_on(tx, incoming, ResourceToken, parent))
    except RecordError:
        return MessageRefusal.INCOMPLETE
    refusal = token_refusal(book, tx, chain, now)
    if refusal is TokenRefusal.EXPIRED:
        return MessageRefusal.OVER
    if refusal not in (None, TokenRefusal.REVOKED):
        return MessageRefusal.INCONSISTENT
    if not book.members(tx).has_role(token.body.issuer, Role.ISSUER, now.wall):
        return MessageRefusal.WRONG_ROLE
    book.keep(tx, *chain)
    tx.rows(TOKENS).put(
        TokenRow(
            token=token.cid,
            issuer=token.body.issuer,
            resource_type=token.body.resource_type,
            scope=token.body.scope,
            amount=token.body.amount,
            spent=0,
            expires_at=min(each.body.expires_at for each in chain),
            received_at=now.wall,
            is_revoked=refusal is TokenRefusal.REVOKED,
            chain=tuple(each.cid for each in chain),
        )
    )
    return None


def token_refusal(
    book: JobBook, tx: ActorTransaction, chain: Chain, now: Now
) -> TokenRefusal | None:
    """Why a chain of tokens is none that its holder can spend now."""
    leaf = chain[0].body
    assert book.archive.mesh is not None, "tokens are of a mesh"
    demand = Demand(
        mesh=book.archive.mesh,
        holder=leaf.audience,
        resource_type=leaf.resource_type,
        scope=leaf.scope,
        amount=leaf.amount,
        issuers=(leaf.issuer,),
    )
    return check_chain(chain, demand, revoked=revoked_of(tx, chain), now=now.wall)


def revoked_of(tx: ActorTransaction, chain: Chain) -> frozenset[Cid]:
    """Those of a chain that were taken back, as far as was read here."""
    rows = tx.rows(REVOKED)
    return frozenset(each.cid for each in chain if rows.get(each.cid) is not None)


def chain_of(book: JobBook, tx: ActorTransaction, row: TokenRow) -> Chain:
    return [book.archive.get(tx.blocks, ResourceToken, cid) for cid in row.chain]


# --- commands


def delegate(
    book: JobBook,
    tx: ActorTransaction,
    parent: Cid,
    *,
    audience: Did,
    amount: int,
    scope: str,
    expires_at: int,
    now: Now,
) -> Signed[ResourceToken] | TokenRefusal:
    """Hand on a part of a token, which its audience and the issuer are sent. Raises ShapeError for
    a scope or amount that no token has."""
    row = tx.rows(TOKENS).get(parent)
    if row is None:
        return TokenRefusal.CHAIN_EMPTY
    chain = chain_of(book, tx, row)
    child = ResourceToken(
        resource_type=row.resource_type,
        amount=amount,
        scope=scope,
        expires_at=expires_at,
        issuer=row.issuer,
        audience=audience,
        parent=parent,
        nonce=book.entropy(NONCE_BYTES),
    )
    token = sign(child, mesh=book.archive.mesh, key=book.key)
    refusal = token_refusal(book, tx, [token, *chain], now)
    if refusal is not None:
        return refusal
    book.keep(tx, token)
    if audience != row.issuer:
        tx.outbox.put(Outgoing(to=(audience,), record=token.cid, attached=row.chain))
    shown = book.newest_statement(tx, row.issuer)
    tx.outbox.put(Outgoing(to=(row.issuer,), record=token.cid, attached=(*row.chain, *shown)))
    return token


def revoke(
    book: JobBook, tx: ActorTransaction, target: Cid, reason: str, now: Now
) -> Signed[Revocation] | None:
    """Take back a token that this submitter has signed, None where it has signed no such token. Its
    issuer is asked until it answers."""
    token = book.archive.find(tx.blocks, ResourceToken, target)
    if token is None or token.signer != book.did:
        return None
    body = Revocation(target=target, reason=reason, revoked_at=now.wall)
    revocation = book.sign(tx, body)
    note_revocation(tx, revocation)
    parent = None if token.body.parent is None else tx.rows(TOKENS).get(token.body.parent)
    chain = () if parent is None else parent.chain
    issuer = token.body.issuer
    tx.outbox.put(
        Outgoing(
            to=(issuer,),
            record=revocation.cid,
            attached=(target, *chain, *book.newest_statement(tx, issuer)),
            until=until(target),
        )
    )
    return revocation


def until(target: Cid) -> str:
    return f"revoke/{target}"
