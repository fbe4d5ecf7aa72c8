"""Effects of one execution, carried out: state, tokens, blocks and events.

Rule: all of it or nothing, and only on the state that the execution saw. `carry_out` decides
over what the store holds now and answers with what to write; the caller writes it in the same
transaction. A submission needs the submitter's key, so it is left to whoever has that.
"""

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct, field

from mesh.core.fields import REASON_BYTES_MAX
from mesh.records import AppliedEffect, PendingEffect
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.did import Did
from runtime.content.shapes import cut
from runtime.execution.effects import (
    AnchorData,
    BurnTokens,
    Effect,
    MintTokens,
    PutBlock,
    SubmitJob,
    TransferTokens,
    WriteState,
)
from runtime.execution.state import Snapshot, advanced
from runtime.tokens.in_force import UsageKey
from runtime.tokens.ledger import Change, LedgerView, Refused, decide
from runtime.tokens.policy import Usage
from runtime.tokens.token import RESOURCES, TokenClass, unit_named
from runtime.tokens.transfers import (
    Account,
    AccountKey,
    Issue,
    Move,
    Retire,
    TokenUse,
    Transfer,
    TransferId,
)

STATE_MOVED: Final = "the state is no longer the one the job ran on"
NEEDS_SUBMITTER: Final = "a submission needs the submitter's signature: submit it with its key"


class Standing(Struct, frozen=True, kw_only=True):
    """What an owner has when its effects are to be carried out.

    owner: whose program it was, who issues its classes. issuer: of the mesh's resources.
    root, snapshot: of the owner's state as stored.
    """

    owner: Did
    issuer: Did
    root: Cid | None
    snapshot: Snapshot
    ledger: LedgerView


class EffectsDone(Struct, frozen=True, kw_only=True):
    """What became of a program's effects. blocks: data to store. changes: of the ledger, in
    order. root: the owner's new state root, None if it stays as it is."""

    applied: tuple[AppliedEffect, ...] = ()
    pending: tuple[PendingEffect, ...] = ()
    blocks: tuple[tuple[Cid, bytes], ...] = ()
    changes: tuple[Change, ...] = ()
    root: Cid | None = None


NO_EFFECTS: Final = EffectsDone()


class _Overlay(Struct):
    """The ledger as the changes so far leave it."""

    below: LedgerView
    accounts: dict[AccountKey, Account] = field(default_factory=dict)
    transfers: dict[TransferId, Transfer] = field(default_factory=dict)

    def account(self, key: AccountKey) -> Account:
        return self.accounts.get(key) or self.below.account(key)

    def transfer(self, transfer_id: TransferId) -> Transfer | None:
        return self.transfers.get(transfer_id) or self.below.transfer(transfer_id)

    def token_use(self, token: Cid) -> TokenUse:
        return self.below.token_use(token)

    def usage(self, key: UsageKey) -> Usage:
        return self.below.usage(key)

    def take(self, change: Change) -> None:
        self.accounts.update((each.key, each) for each in change.accounts)
        self.transfers.update((each.id, each) for each in change.transfers)


def carry_out(
    effects: tuple[Effect, ...],
    *,
    ran_on: Cid | None,
    standing: Standing,
    ids: Callable[[int], TransferId],
    now: int,
) -> EffectsDone:
    """What is to be written for the effects of an execution, or why none of them is.

    ran_on: the state root of the execution's context. ids: of the transfer that the effect at
    a position makes.
    """
    if ran_on != standing.root:
        return _nothing(effects, STATE_MOVED)
    overlay = _Overlay(standing.ledger)
    changes: list[Change] = []
    applied: list[AppliedEffect] = []
    pending: list[PendingEffect] = []
    blocks: list[tuple[Cid, bytes]] = []
    for position, effect in enumerate(effects):
        record = record_of(effect)
        match effect:
            case SubmitJob():
                pending.append(PendingEffect(position=position, reason=NEEDS_SUBMITTER))
                continue
            case AnchorData(data=data):
                assert record is not None, "a text has a block"
                blocks.append((record, data.encode()))
            case MintTokens() | BurnTokens() | TransferTokens():
                change = decide(overlay, _command(effect, standing, ids(position)), now)
                if isinstance(change, Refused):
                    return _nothing(effects, _refusal(effect, change))
                overlay.take(change)
                changes.append(change)
            case _:
                pass
        applied.append(AppliedEffect(position=position, record=record))
    snapshot = advanced(standing.snapshot, effects)
    root = None
    if snapshot != standing.snapshot:
        root = snapshot.cid
        blocks.append((root, snapshot.to_block()))
    return EffectsDone(
        applied=tuple(applied),
        pending=tuple(pending),
        blocks=tuple(blocks),
        changes=tuple(changes),
        root=root,
    )


def record_of(effect: Effect) -> Cid | None:
    """The block that an effect leaves when it is carried out, if it leaves one."""
    match effect:
        case AnchorData(data=data):
            return cid_of(data.encode(), Codec.RAW)
        case WriteState(value=cid) | PutBlock(cid=cid):
            return cid
        case _:
            return None


def linked_blocks(effects: Iterable[Effect]) -> tuple[Cid, ...]:
    """The blocks without which the effects cannot be carried out."""
    found: list[Cid] = []
    for effect in effects:
        match effect:
            case WriteState(value=cid) | PutBlock(cid=cid):
                found.append(cid)
            case _:
                pass
    return tuple(dict.fromkeys(found))


def _nothing(effects: tuple[Effect, ...], reason: str) -> EffectsDone:
    text = cut(reason, REASON_BYTES_MAX)
    pending = [PendingEffect(position=each, reason=text) for each in range(len(effects))]
    return EffectsDone(pending=tuple(pending))


def _command(
    effect: MintTokens | BurnTokens | TransferTokens, standing: Standing, transfer_id: TransferId
) -> Issue | Retire | Move:
    match effect:
        case MintTokens():
            return Issue(
                id=transfer_id,
                issuer=standing.owner,
                owner=effect.to,
                unit=TokenClass(effect.token_class),
                amount=effect.amount,
            )
        case BurnTokens():
            return Retire(
                id=transfer_id,
                issuer=standing.owner,
                owner=effect.holder,
                unit=TokenClass(effect.token_class),
                amount=effect.amount,
            )
        case TransferTokens():
            is_resource = effect.token_class in RESOURCES
            debit = AccountKey(
                issuer=standing.issuer if is_resource else standing.owner,
                unit=unit_named(effect.token_class),
                owner=effect.holder,
            )
            credit = AccountKey(issuer=debit.issuer, unit=debit.unit, owner=effect.to)
            return Move(id=transfer_id, debit=debit, credit=credit, amount=effect.amount)


def _refusal(effect: MintTokens | BurnTokens | TransferTokens, refused: Refused) -> str:
    left = "" if refused.available is None else f" ({refused.available} left)"
    verb = type(effect).__name__.removesuffix("Tokens").lower()
    return f"{verb} {effect.amount} {effect.token_class}: {refused.reason.value}{left}"
