"""Handing on tokens of an embedded mesh: delegation, allocation, revocation, receipt, history.

Rule: a token is handed on by a child that its holder signs. A part that a holder sets aside for a
scope of its own is an allocation, which the issuer's ledger keeps apart.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from mesh.adapters.sqlite import SqliteTransaction
from mesh.core.ids import hold_id, issue_id
from mesh.job import Phase
from mesh.local.members import TOKEN, keep_token
from mesh.local.purses import chain_of, purse_of
from mesh.local.submitting import IDENTITY_FAULTS
from mesh.records import Revocation, read_as
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import ShapeError
from runtime.identity.signed import RecordError, Signed, sign
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.choice import HeldToken, choose_token, is_allocation, shares_of
from runtime.tokens.ledger import Refused, decide
from runtime.tokens.token import (
    CHAIN_MAX,
    NONCE_BYTES,
    Demand,
    ResourceToken,
    ResourceType,
    TokenRefusal,
    check_chain,
)
from runtime.tokens.transfers import Allocate, EndAllocation, Transfer

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh

Chain = tuple[Signed[ResourceToken], ...]


class Part(Struct, frozen=True, kw_only=True):
    """A part of a token to hand on. source: the token, the one that would pay by default.

    expires_at: that of the source by default.
    """

    resource_type: ResourceType
    amount: int
    audience: Did
    scope: str
    source: Cid | None
    expires_at: int | None


class Draw(Struct, frozen=True, kw_only=True):
    """A hold that drew on a token, and the job that it was for, where it is known here."""

    hold: Transfer
    job_id: str | None


def hand_on(mesh: "LocalMesh", part: Part) -> Chain:
    """Signs a child token for its audience; the chain, leaf first. Raises CommandError."""
    with mesh.store.write() as tx:
        parents = _source(mesh, tx, part)
        parent = parents[0].body
        try:
            child = ResourceToken(
                resource_type=parent.resource_type,
                amount=part.amount,
                scope=part.scope,
                expires_at=parent.expires_at if part.expires_at is None else part.expires_at,
                issuer=parent.issuer,
                audience=part.audience,
                parent=parents[0].cid,
                nonce=mesh.entropy(NONCE_BYTES),
            )
            signed = sign(child, mesh=mesh.members.mesh, key=mesh.members.submitter)
        except (ShapeError, ValueError) as error:
            raise CommandError(
                ExitCode.USAGE,
                "token-malformed",
                f"the token cannot be handed on: {error}",
                hint="meshctl tokens --help",
            ) from None
        chain = (signed, *parents)
        _refuse(mesh, tx, chain, holder=part.audience)
        _keep(mesh, tx, chain)
    return chain


def receive(mesh: "LocalMesh", leaf: Cid, block_of: Callable[[Cid], bytes | None]) -> Chain:
    """Takes in a token that was made out to this identity, with its parents. Raises
    CommandError."""
    chain: list[Signed[ResourceToken]] = []
    following: Cid | None = leaf
    while following is not None and len(chain) <= CHAIN_MAX:
        data = block_of(following)
        if data is None:
            raise _not_received(f"the file lacks the token {following} of its chain")
        try:
            chain.append(read_as(ResourceToken, data, mesh.members.mesh))
        except RecordError as error:
            raise _not_received(str(error)) from None
        following = chain[-1].body.parent
    with mesh.store.write() as tx:
        _refuse(mesh, tx, tuple(chain), holder=mesh.submitter.did)
        _keep(mesh, tx, tuple(chain))
    return tuple(chain)


def revoke(mesh: "LocalMesh", token: Cid, reason: str) -> Cid:
    """Takes back a token that this identity or its issuer has signed, and all that descends from
    it; the CID of the Revocation. Raises CommandError."""
    with mesh.store.write() as tx:
        chain = chain_of(tx, mesh.reading, token)
        signer = chain[0].signer
        keys = {key.did: key for key in (mesh.members.submitter, mesh.members.issuer)}
        if signer not in keys:
            raise CommandError(
                ExitCode.IDENTITY,
                "token-not-yours",
                f"the token was signed by {signer}, who alone can revoke it",
                hint="meshctl tokens balance",
            )
        body = Revocation(target=token, reason=reason, revoked_at=mesh.now)
        revocation = sign(body, mesh=mesh.members.mesh, key=keys[signer])
        mesh.archive.put(tx, revocation)
        tx.ledger.revoke(token)
        if is_allocation(chain):
            child, parent = shares_of(chain)[:2]
            _apply(mesh, tx, EndAllocation(id=issue_id(token), child=child, parent=parent))
    return revocation.cid


def history(mesh: "LocalMesh", token: Cid) -> tuple[Draw, ...]:
    """The holds that drew on a token or on one that descends from it, oldest first."""
    with mesh.store.read() as tx:
        jobs = {
            hold_id(job.manifest, attempt): job.key.job_id
            for job in tx.jobs.in_phases(frozenset(Phase))
            for attempt in range(1, job.attempt + 1)
        }
        holds = [each for each in tx.ledger.transfers() if token in each.tokens]
    holds.sort(key=lambda each: (each.created_at, each.id))
    return tuple(Draw(hold=each, job_id=jobs.get(each.id)) for each in holds)


def token_cids(mesh: "LocalMesh") -> tuple[Cid, ...]:
    """The tokens in this store."""
    with mesh.store.read() as tx:
        return tuple(tx.settings.get(name) for name in tx.settings.names(TOKEN))


def _source(mesh: "LocalMesh", tx: SqliteTransaction, part: Part) -> Chain:
    """The token that a part is taken from."""
    if part.source is not None:
        return chain_of(tx, mesh.reading, part.source)
    submitter = mesh.submitter.did
    held = []
    for name in tx.settings.names(TOKEN):
        chain = chain_of(tx, mesh.reading, tx.settings.get(name))
        purse = purse_of(tx, chain, submitter)
        held.append(HeldToken(chain=chain, uses=purse.uses, available=purse.available))
    demand = Demand(
        mesh=mesh.members.mesh,
        holder=submitter,
        resource_type=part.resource_type,
        scope=part.scope,
        amount=part.amount,
        issuers=(mesh.members.issuer.did,),
    )
    links = {link.cid for each in held for link in each.chain}
    revoked = frozenset(cid for cid in links if tx.ledger.is_revoked(cid))
    choice = choose_token(held, demand, revoked=revoked, now=mesh.now)
    if choice is None or not choice.pays:
        reason = "none is held" if choice is None else _reason(choice.refusal, choice.held.left)
        raise CommandError(
            ExitCode.DENIED,
            "no-token",
            f"no token of {submitter} covers {part.amount} {part.resource_type.value} units: "
            f"{reason}",
            hint="meshctl tokens balance",
        )
    return tuple(choice.held.chain)


def _reason(refusal: TokenRefusal | None, left: int) -> str:
    return f"{left} left" if refusal is None else refusal.value


def _refuse(mesh: "LocalMesh", tx: SqliteTransaction, chain: Chain, *, holder: Did) -> None:
    """Raises CommandError where a chain would not pay its holder for the whole of its leaf."""
    leaf = chain[0].body
    demand = Demand(
        mesh=mesh.members.mesh,
        holder=holder,
        resource_type=leaf.resource_type,
        scope=leaf.scope,
        amount=leaf.amount,
        issuers=(mesh.members.issuer.did,),
    )
    revoked = frozenset(link.cid for link in chain if tx.ledger.is_revoked(link.cid))
    refusal = check_chain(chain, demand, revoked=revoked, now=mesh.now)
    if refusal is None:
        return
    raise CommandError(
        ExitCode.IDENTITY if refusal in IDENTITY_FAULTS else ExitCode.DENIED,
        f"token-{refusal.name.lower().replace('_', '-')}",
        f"the token is refused: {refusal.value}",
        hint="meshctl tokens balance lists the tokens that are here",
        details={"token": str(chain[0].cid)},
    )


def _keep(mesh: "LocalMesh", tx: SqliteTransaction, chain: Chain) -> None:
    for link in chain:
        mesh.archive.put(tx, link)
    keep_token(tx, chain[0].cid)
    if is_allocation(chain):
        child, parent = shares_of(chain)[:2]
        _apply(mesh, tx, Allocate(id=issue_id(chain[0].cid), child=child, parent=parent))


def _apply(mesh: "LocalMesh", tx: SqliteTransaction, command: Allocate | EndAllocation) -> None:
    change = decide(tx.ledger, command, mesh.now)
    if isinstance(change, Refused):
        raise CommandError(
            ExitCode.DENIED,
            "allocation-refused",
            f"the units cannot be set aside: {change.reason.value} ({change.available} left)",
            hint="meshctl tokens balance",
            details={"available": change.available},
        )
    tx.ledger.apply(change)


def _not_received(reason: str) -> CommandError:
    return CommandError(
        ExitCode.IDENTITY,
        "token-not-received",
        f"the token is not one of this mesh: {reason}",
        hint="its holder makes the file: meshctl tokens delegate --to DID --amount UNITS "
        "--output FILE",
    )
