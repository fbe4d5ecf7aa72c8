"""Accounts, tokens and policies, as the issuer states them to one owner.

Rule: what an owner has is what its issuers have signed: their newest statements, and its tokens.
"""

from collections.abc import Iterator

from msgspec import Struct

from mesh.actors.issuer.rows import REVOCATIONS
from mesh.actors.issuer.rows import TOKENS as ISSUED
from mesh.actors.submitter.rows import HOLDINGS, POLICIES, REVOKED, STATEMENTS, TOKENS, TokenRow
from mesh.core.records.settlement import Policy, Statement, usage_name
from mesh.core.settlement.books import TOKEN_USES
from mesh.queries.reader import Reader, missing_block
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceToken, ResourceType


class AccountView(Struct, frozen=True, kw_only=True):
    """Units of one issuer. available: may be spent or held; held: are on hold."""

    unit: str
    issuer: Did
    available: int
    held: int


class TokenView(Struct, frozen=True, kw_only=True):
    """A token with what is left of it, as far as its audience has read."""

    cid: Cid
    token: ResourceToken
    left: int
    is_ours: bool
    is_expired: bool
    is_revoked: bool


class PolicyView(Struct, frozen=True, kw_only=True):
    """A policy in force. committed: the owner's units that count under it."""

    policy: Signed[Policy]
    committed: int


def statements(reader: Reader) -> Iterator[Signed[Statement]]:
    """The newest statement of each issuer."""
    for row in reader.rows(STATEMENTS).select():
        yield reader.record(Statement, row.statement)


def accounts(reader: Reader) -> tuple[AccountView, ...]:
    """The owner's accounts with all issuers, then its holdings of its own classes."""
    found = [
        AccountView(
            unit=unit,
            issuer=each.signer,
            available=each.body.balances.get(unit, 0),
            held=each.body.held.get(unit, 0),
        )
        for each in statements(reader)
        for unit in sorted({*each.body.balances, *each.body.held})
    ]
    own = reader.rows(HOLDINGS).select(holder=reader.owner)
    found += (
        AccountView(unit=row.token_class, issuer=reader.owner, available=row.units, held=0)
        for row in own
    )
    return tuple(found)


def available_units(reader: Reader) -> dict[str, int]:
    """The owner's available units by resource type, over all issuers."""
    found: dict[str, int] = {}
    for each in statements(reader):
        for unit, available in each.body.balances.items():
            found[unit] = found.get(unit, 0) + available
    return found


def tokens(reader: Reader) -> tuple[TokenView, ...]:
    """The tokens that the owner has, and those that a local issuer has made out to others, by CID.
    Raises CommandError `block-…`, `record-invalid`."""
    own = {row.token: _token(reader, row) for row in reader.rows(TOKENS).select()}
    issued = reader.view.rows(reader.issuer, ISSUED).select()
    others = {row.token: _issued(reader, row.token) for row in issued if row.token not in own}
    return tuple(view for _, view in sorted((own | others).items()))


def _issued(reader: Reader, cid: Cid) -> TokenView:
    """A token of another, as its local issuer has it."""
    found = reader.archive.find(reader.view.blocks(reader.issuer), ResourceToken, cid)
    if found is None:
        raise missing_block(cid, "token")
    use = reader.view.rows(reader.issuer, TOKEN_USES).get(cid)
    token = found.body
    return TokenView(
        cid=cid,
        token=token,
        left=token.amount - (0 if use is None else use.drawn),
        is_ours=token.audience == reader.owner,
        is_expired=reader.now >= token.expires_at,
        is_revoked=reader.view.rows(reader.issuer, REVOCATIONS).get(cid) is not None,
    )


def _token(reader: Reader, row: TokenRow) -> TokenView:
    token = reader.record(ResourceToken, row.token).body
    chain = (row.token, *row.chain)
    return TokenView(
        cid=row.token,
        token=token,
        left=_left(reader, row),
        is_ours=token.audience == reader.owner,
        is_expired=reader.now >= row.expires_at,
        is_revoked=row.is_revoked
        or any(reader.rows(REVOKED).get(link) is not None for link in chain),
    )


def _left(reader: Reader, row: TokenRow) -> int:
    """What may still be spent with a token. One of the issuer's own for all work draws on the
    owner's account, of which a part may be set aside."""
    left = max(0, row.amount - row.spent)
    if row.scope or len(row.chain) > 1:
        return left
    return min(left, available_units(reader).get(row.resource_type.value, 0))


def policies(reader: Reader) -> dict[tuple[ResourceType, str], PolicyView]:
    """The policies in force of the issuer that pays, by resource and scope: the newest editions."""
    usage: dict[str, int] = {}
    for each in statements(reader):
        usage |= each.body.usage
    return {
        (row.resource_type, row.scope): PolicyView(
            policy=reader.record(Policy, row.policy),
            committed=usage.get(usage_name(row.resource_type, row.scope), 0),
        )
        for row in reader.rows(POLICIES).select(issuer=reader.issuer)
    }
