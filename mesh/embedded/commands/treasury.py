"""Commands about tokens, policies and roles, of the local submitter and the issuer's operator."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import Struct

from mesh.actors.actor import Now
from mesh.actors.stores import DeliveryTransaction
from mesh.actors.submitter.rows import TOKENS, TokenRow
from mesh.actors.submitter.tokens import delegate, token_refusal
from mesh.actors.submitter.tokens import revoke as revoke_own
from mesh.core.ports.messages import Envelope
from mesh.core.records.registry import read_as
from mesh.queries.nodes.offers import check_sold
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import ShapeError
from runtime.identity.signed import RecordError, Signed
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.ledger import Refused
from runtime.tokens.policy import Rule
from runtime.tokens.token import CHAIN_MAX, ResourceToken, ResourceType, TokenRefusal, within

if TYPE_CHECKING:
    from mesh.embedded.mesh import EmbeddedMesh

T = TypeVar("T")

Chain = tuple[Signed[ResourceToken], ...]
_IDENTITY_FAULTS: Final = frozenset(
    {
        TokenRefusal.CHAIN_BROKEN,
        TokenRefusal.NOT_SIGNED_BY_ISSUER,
        TokenRefusal.NOT_SIGNED_BY_HOLDER,
        TokenRefusal.FOREIGN_AUDIENCE,
        TokenRefusal.WRONG_MESH,
        TokenRefusal.WRONG_ISSUER,
    }
)


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


def issue_token(
    mesh: "EmbeddedMesh",
    *,
    resource_type: ResourceType,
    amount: int,
    audience: Did | None,
    scope: str,
    expires_at: int,
) -> Signed[ResourceToken]:
    """The issuer signs a root token and credits its units. Raises CommandError."""
    _check_sold(mesh, resource_type)
    if expires_at <= mesh.now:
        raise CommandError(
            ExitCode.USAGE,
            "token-expiry-past",
            f"the token would have expired {mesh.now - expires_at} s ago",
            hint="--expires-in SECONDS counts from now",
        )
    issuer = mesh.actors.issuer

    def issue(tx: DeliveryTransaction, now: Now) -> Signed[ResourceToken] | Refused:
        return issuer.issue_token(
            tx,
            owner=audience or mesh.owner,
            resource_type=resource_type,
            amount=amount,
            scope=scope,
            expires_at=expires_at,
            now=now,
        )

    issued = _shaped(lambda: mesh.issuer_command(issue), "issued", "meshctl tokens issue --help")
    if isinstance(issued, Refused):
        raise _malformed("issued", issued.reason.value, "meshctl tokens issue --help")
    return issued


def set_policy(
    mesh: "EmbeddedMesh", resource_type: ResourceType, rule: Rule, scope: str = ""
) -> Cid:
    """The issuer's rule for a resource from now on, of all work or of a scope's; the CID of its
    signed record. Raises CommandError."""
    _check_sold(mesh, resource_type)
    issuer = mesh.actors.issuer
    try:
        return mesh.issuer_command(
            lambda tx, now: issuer.set_policy(
                tx, resource_type=resource_type, scope=scope, rule=rule, now=now
            )
        ).cid
    except ShapeError as error:
        raise CommandError(
            ExitCode.USAGE,
            "policy-malformed",
            f"the policy cannot be set: {error}",
            hint="meshctl policy set --help",
        ) from None


def _check_sold(mesh: "EmbeddedMesh", resource_type: ResourceType) -> None:
    """Raises CommandError `resource-not-sold`: units of it would pay for nothing."""
    with mesh.read() as reader:
        check_sold(reader, resource_type)


def grant_role(mesh: "EmbeddedMesh", *, name: str, subject: Did, expires_at: int) -> Cid:
    """The issuer signs that the subject holds the role. Raises CommandError."""
    if expires_at <= mesh.now:
        raise CommandError(
            ExitCode.USAGE,
            "role-expiry-past",
            f"the role would have ended {mesh.now - expires_at} s ago",
            hint="--expires-in SECONDS counts from now",
        )
    issuer = mesh.actors.issuer
    try:
        return mesh.issuer_command(
            lambda tx, now: issuer.grant(tx, subject=subject, name=name, expires_at=expires_at)
        ).cid
    except (ShapeError, ValueError) as error:
        raise CommandError(
            ExitCode.USAGE,
            "role-malformed",
            f"the role cannot be granted: {error}",
            hint="meshctl identity grant --help",
        ) from None


def withdraw_role(mesh: "EmbeddedMesh", *, name: str, subject: Did, reason: str) -> tuple[Cid, ...]:
    """Revoke all credentials for a role in force. Raises CommandError `no-such-role`."""
    issuer = mesh.actors.issuer
    taken = mesh.issuer_command(
        lambda tx, now: issuer.withdraw(tx, subject=subject, name=name, reason=reason, now=now)
    )
    if not taken:
        raise CommandError(
            ExitCode.NOT_FOUND,
            "no-such-role",
            f"{subject} does not hold the role {name!r}",
            hint="meshctl identity roles",
        )
    return taken


# --- tokens handed on


def hand_on(mesh: "EmbeddedMesh", part: Part) -> Chain:
    """Sign a child token for its audience; the chain, leaf first. Raises CommandError."""
    _check_sold(mesh, part.resource_type)
    submitter = mesh.submitter

    def sign(tx: DeliveryTransaction, now: Now) -> Chain:
        row = _source(mesh, tx, part, now)
        child = delegate(
            submitter,
            tx,
            row.token,
            audience=part.audience,
            amount=part.amount,
            scope=part.scope,
            expires_at=row.expires_at if part.expires_at is None else part.expires_at,
            now=now,
        )
        if isinstance(child, TokenRefusal):
            raise _refused(child, row.token)
        parents = (submitter.archive.get(tx.blocks, ResourceToken, cid) for cid in row.chain)
        return (child, *parents)

    return _shaped(lambda: mesh.command(sign), "handed on", "meshctl tokens --help")


def allocate(mesh: "EmbeddedMesh", part: Part) -> Chain:
    """Set units of the local submitter aside for a scope. Raises CommandError."""
    _check_sold(mesh, part.resource_type)
    issuer = mesh.actors.issuer
    expires_at = _expiry(mesh, part)

    def set_aside(tx: DeliveryTransaction, now: Now) -> Signed[ResourceToken] | Refused:
        return issuer.allocate(
            tx,
            owner=mesh.owner,
            resource_type=part.resource_type,
            amount=part.amount,
            scope=part.scope,
            expires_at=expires_at,
            now=now,
        )

    found = _shaped(lambda: mesh.issuer_command(set_aside), "set aside", "meshctl tokens --help")
    if isinstance(found, Refused):
        left = "" if found.available is None else f" ({found.available} left)"
        raise CommandError(
            ExitCode.DENIED,
            "allocation-refused",
            f"the units cannot be set aside: {found.reason.value}{left}",
            hint="meshctl tokens balance",
            details={"available": found.available},
        )
    return (found,)


def _expiry(mesh: "EmbeddedMesh", part: Part) -> int:
    """That of the token whose units they are, where none is asked for."""
    if part.expires_at is not None:
        return part.expires_at
    with mesh.read() as reader:
        rows = reader.rows(TOKENS).select(resource_type=part.resource_type)
    usable = [row.expires_at for row in rows if not row.is_revoked and row.expires_at > mesh.now]
    if not usable:
        raise _no_token(mesh, part, "none is held")
    return max(usable)


def receive(mesh: "EmbeddedMesh", leaf: Cid, block_of: Callable[[Cid], bytes | None]) -> Chain:
    """Take in a token that was made out to this identity, with its parents. Raises
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
    submitter = mesh.submitter

    def take(tx: DeliveryTransaction, now: Now) -> None:
        if chain[0].body.audience != submitter.did:
            raise _refused(TokenRefusal.FOREIGN_AUDIENCE, leaf)
        refusal = token_refusal(submitter, tx, chain, now)
        if refusal is not None:
            raise _refused(refusal, leaf)
        blocks = tuple(link.block for link in chain)
        submitter.receive(
            tx, Envelope(sender=chain[0].signer, to=submitter.did, blocks=blocks), now
        )
        if tx.rows(TOKENS).get(leaf) is None:
            raise _refused(TokenRefusal.WRONG_ISSUER, leaf)

    mesh.command(take)
    return tuple(chain)


def revoke(mesh: "EmbeddedMesh", token: Cid, reason: str) -> Cid:
    """Take back a token that this identity or its issuer has signed, and all that descends from it;
    the CID of the Revocation. Raises CommandError."""
    submitter, issuer = mesh.submitter, mesh.actors.issuer
    own = mesh.command(lambda tx, now: revoke_own(submitter, tx, token, reason, now))
    if own is not None:
        return own.cid
    issued = mesh.issuer_command(
        lambda tx, now: issuer.revoke(tx, token=token, reason=reason, now=now)
    )
    if issued is None:
        raise CommandError(
            ExitCode.IDENTITY,
            "token-not-yours",
            "the token was signed by another member, who alone can revoke it",
            hint="meshctl tokens balance",
        )
    return issued.cid


def token_cids(mesh: "EmbeddedMesh") -> tuple[Cid, ...]:
    """The tokens that are known here."""
    from mesh.actors.issuer.rows import TOKENS as ISSUED

    with mesh.read() as reader:
        held = [row.token for row in reader.rows(TOKENS).select()]
        issued = [row.token for row in reader.view.rows(reader.issuer, ISSUED).select()]
    return tuple(dict.fromkeys((*held, *issued)))


def _source(mesh: "EmbeddedMesh", tx: DeliveryTransaction, part: Part, now: Now) -> TokenRow:
    """The token that a part is taken from: the narrowest scope, then the first to expire."""
    rows = tx.rows(TOKENS)
    if part.source is not None:
        row = rows.get(part.source)
        if row is None:
            raise _no_token(mesh, part, f"{part.source} is not held")
        return row
    held: Sequence[TokenRow] = [
        row
        for row in rows.select(resource_type=part.resource_type)
        if within(part.scope, row.scope) and not row.is_revoked and row.expires_at > now.wall
    ]
    able = [row for row in held if row.amount - row.spent >= part.amount]
    if not able:
        most = max((row.amount - row.spent for row in held), default=None)
        raise _no_token(mesh, part, "none is held" if most is None else f"{most} left")
    return min(able, key=lambda row: (-len(row.scope), row.expires_at, row.token))


def _no_token(mesh: "EmbeddedMesh", part: Part, reason: str) -> CommandError:
    return CommandError(
        ExitCode.DENIED,
        "no-token",
        f"no token of {mesh.owner} covers {part.amount} {part.resource_type.value} units: {reason}",
        hint="meshctl tokens balance",
    )


def _refused(refusal: TokenRefusal, token: Cid) -> CommandError:
    return CommandError(
        ExitCode.IDENTITY if refusal in _IDENTITY_FAULTS else ExitCode.DENIED,
        f"token-{refusal.name.lower().replace('_', '-')}",
        f"the token is refused: {refusal.value}",
        hint="meshctl tokens balance lists the tokens that are here",
        details={"token": str(token)},
    )


def _not_received(reason: str) -> CommandError:
    return CommandError(
        ExitCode.IDENTITY,
        "token-not-received",
        f"the token is not one of this mesh: {reason}",
        hint="its holder makes the file: meshctl tokens delegate --to DID --amount UNITS "
        "--output FILE",
    )


def _shaped(action: Callable[[], T], done: str, hint: str) -> T:
    """Raises CommandError `token-malformed` for what no token can say."""
    try:
        return action()
    except (ShapeError, ValueError) as error:
        raise _malformed(done, str(error), hint) from None


def _malformed(done: str, reason: str, hint: str) -> CommandError:
    return CommandError(
        ExitCode.USAGE, "token-malformed", f"the token cannot be {done}: {reason}", hint=hint
    )
