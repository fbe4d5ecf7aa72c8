"""Accounts: what owners ask for besides work: transfers of units, tokens handed on and taken back.

Rule: a transfer moves all its items or none, once for each cause of its signer. An accepted request
keeps its answer; a refusal is not kept.
"""

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.issuer.awards.spending import (
    Chain,
    chain_from,
    chain_of,
    check_tokens,
    payer_of,
)
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.evidence import accuse
from mesh.actors.issuer.rows import (
    ANSWERS,
    REVOCATIONS,
    TOKENS,
    TRANSFERS,
    AnswerRow,
    RevocationRow,
    TokenRow,
    TransferRow,
)
from mesh.core.ids import transfer_id
from mesh.core.records.jobs import Transfer
from mesh.core.records.membership import Role
from mesh.core.records.settlement import Revocation
from mesh.core.settlement.refusals import Refusal, RequestRefusal
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import RecordError, Signed
from runtime.tokens.ledger import LedgerRefusal
from runtime.tokens.token import Demand, ResourceToken, TokenRefusal
from runtime.tokens.transfers import Move


def take_transfer(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """Move the units of a transfer, and answer."""
    transfer: Signed[Transfer] = incoming.record
    if not issuer.members(tx).has_role(transfer.signer, Role.SUBMITTER, now.wall):
        return MessageRefusal.NOT_A_MEMBER
    if _repeat(issuer, tx, transfer.signer, transfer.cid, now):
        return None
    refusal = _refuse_transfer(issuer, tx, transfer, now)
    if refusal is None:
        issuer.keep(tx, transfer)
        cause = transfer.body.cause
        tx.rows(TRANSFERS).put(
            TransferRow(signer=transfer.signer, cause=cause, transfer=transfer.cid)
        )
        payees = (item.to for item in transfer.body.items)
        issuer.inform(tx, (each for each in payees if each != transfer.signer), now)
    _answer(issuer, tx, transfer.signer, transfer.cid, refusal, now)
    return None


def take_token(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """Note a token that its holder has handed on."""
    token: Signed[ResourceToken] = incoming.record
    body = token.body
    if body.issuer != issuer.did:
        return MessageRefusal.NOT_ADDRESSED
    if issuer.members(tx).member(token.signer) is None:
        return MessageRefusal.NOT_A_MEMBER
    if _repeat(issuer, tx, token.signer, token.cid, now):
        return None
    try:
        chain = chain_from(issuer, tx, incoming, token)
    except RecordError:
        refusal = Refusal(reason=RequestRefusal.INCOMPLETE)
        _answer(issuer, tx, token.signer, token.cid, refusal, now)
        return None
    refused = check_tokens(tx, chain, _all_of(issuer, tx, body), now)
    if refused is not None:
        refusal = Refusal(reason=RequestRefusal.TOKEN, detail=refused.value)
        _answer(issuer, tx, token.signer, token.cid, refusal, now)
        return None
    issuer.keep(tx, *chain)
    tx.rows(TOKENS).put(
        TokenRow(
            token=token.cid,
            parent=body.parent,
            audience=body.audience,
            payer=payer_of(tx, chain[-1]),
        )
    )
    _answer(issuer, tx, token.signer, token.cid, None, now)
    return None


def take_revocation(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """Note that a member takes back a token of this issue that it has handed on."""
    revocation: Signed[Revocation] = incoming.record
    if issuer.members(tx).member(revocation.signer) is None:
        return MessageRefusal.NOT_A_MEMBER
    if _repeat(issuer, tx, revocation.signer, revocation.cid, now):
        return None
    refusal: Refusal | None
    try:
        chain = chain_of(issuer, tx, incoming, revocation.body.target)
    except RecordError:
        refusal = Refusal(reason=RequestRefusal.INCOMPLETE)
    else:
        refusal = _refuse_revocation(issuer, tx, revocation, chain, now)
        if refusal is None:
            issuer.keep(tx, revocation, *chain)
            note_revocation(tx, revocation)
    _answer(issuer, tx, revocation.signer, revocation.cid, refusal, now)
    return None


def _refuse_revocation(
    issuer: IssuerCore,
    tx: ActorTransaction,
    revocation: Signed[Revocation],
    chain: Chain,
    now: Now,
) -> Refusal | None:
    """Its signer's own token, which would count here but for time: of others nothing is kept."""
    if chain[0].signer != revocation.signer:
        return Refusal(reason=RequestRefusal.NOT_ITS_SIGNERS)
    refused = check_tokens(tx, chain, _all_of(issuer, tx, chain[0].body), now)
    if refused in (None, TokenRefusal.EXPIRED, TokenRefusal.REVOKED):
        return None
    return Refusal(reason=RequestRefusal.TOKEN, detail=refused.value)


def note_revocation(tx: ActorTransaction, revocation: Signed[Revocation]) -> None:
    """From here on the target counts for nothing."""
    target = revocation.body.target
    if tx.rows(REVOCATIONS).get(target) is None:
        tx.rows(REVOCATIONS).put(RevocationRow(target=target, revocation=revocation.cid))


def _all_of(issuer: IssuerCore, tx: ActorTransaction, token: ResourceToken) -> Demand:
    """All that a token of this issue grants, to its audience."""
    return Demand(
        mesh=issuer.members(tx).mesh,
        holder=token.audience,
        resource_type=token.resource_type,
        scope=token.scope,
        amount=token.amount,
        issuers=(issuer.did,),
    )


def _refuse_transfer(
    issuer: IssuerCore, tx: ActorTransaction, transfer: Signed[Transfer], now: Now
) -> Refusal | None:
    """Move all items, or say what is against one of them."""
    body, payer = transfer.body, transfer.signer
    before = tx.rows(TRANSFERS).get(payer, body.cause)
    if before is not None:
        accuse(issuer, tx, before.transfer, transfer, now)
        return Refusal(reason=RequestRefusal.OTHER_TRANSFER_STORED, detail=str(before.transfer))
    if len({item.position for item in body.items}) < len(body.items):
        return Refusal(reason=RequestRefusal.RECORD_WRONG, detail="two items of one position")
    books = issuer.books(tx)
    moves = [
        Move(
            id=transfer_id(payer, body.cause, item.position),
            debit=books.key(item.resource_type, payer),
            credit=books.key(item.resource_type, item.to),
            amount=item.amount,
        )
        for item in body.items
        if item.to != payer
    ]
    refused = books.carry_out(*moves, now=now.wall)
    if refused is None:
        return None
    assert refused.reason is LedgerRefusal.BALANCE_TOO_LOW, "all else was checked"
    return Refusal(reason=RequestRefusal.BALANCE_TOO_LOW, detail=f"{refused.available} available")


def _repeat(issuer: IssuerCore, tx: ActorTransaction, to: Did, request: Cid, now: Now) -> bool:
    """Whether a request was accepted before; its answer is sent again."""
    answered = tx.rows(ANSWERS).get(request)
    if answered is None:
        return False
    issuer.answer_again(tx, to, answered.answer, now)
    return True


def _answer(
    issuer: IssuerCore,
    tx: ActorTransaction,
    to: Did,
    request: Cid,
    refusal: Refusal | None,
    now: Now,
) -> None:
    answer = issuer.answer(tx, to, request, now, refusal=refusal)
    if refusal is None:
        tx.rows(ANSWERS).put(AnswerRow(request=request, answer=answer.cid))
