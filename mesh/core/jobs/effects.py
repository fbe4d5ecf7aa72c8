"""Effects of a verified execution, as what is to be written: state, classes, units, further jobs.

Rule: all or none, and only on the state that the execution saw. Units of an issuer are one Transfer
to it; a plan with a transfer is carried out when the issuer has accepted that.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Final, TypeAlias, assert_never

from msgspec import Struct

from mesh.core.records.jobs import TransferItem
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.execution.effects import (
    AnchorData,
    BurnTokens,
    DeclareState,
    Effect,
    EmitEvent,
    ForgetState,
    MintTokens,
    PinBlock,
    PutBlock,
    RecordUsage,
    SubmitJob,
    TransferTokens,
    UnpinBlock,
    WriteState,
)
from runtime.execution.state import Snapshot, advanced
from runtime.tokens.ledger import LedgerRefusal
from runtime.tokens.token import RESOURCES, ResourceType

Holding: TypeAlias = tuple[str, Did]
"""A class of the owner's issue, and who holds units of it."""


class EffectFault(Enum):
    """Why none of an execution's effects is carried out."""

    STATE_MOVED = "the state is no longer the one the job ran on"
    BLOCK_MISSING = "a block that they store is not here"
    CLASS_LEDGER = "the owner's ledger of its classes refuses a movement"
    FOREIGN_UNITS = "they move units that are not the owner's"
    AWAITS_ISSUER = "a transfer of other effects awaits its issuer's answer"
    TWO_ISSUERS = "they move units of two issuers at once"
    TRANSFER_REFUSED = "the issuer refuses the transfer"
    NO_CHILDREN = "the job may submit no jobs: it was submitted without delegation"
    CHILD_REFUSED = "a job that they submit is refused"
    UNREADABLE = "their block cannot be read"


class EffectRefusal(Struct, frozen=True, kw_only=True):
    fault: EffectFault
    detail: str = ""

    def __str__(self) -> str:
        if self.fault is EffectFault.CLASS_LEDGER:
            return self.detail
        return f"{self.fault.value}: {self.detail}" if self.detail else self.fault.value


class Owned(Struct, frozen=True, kw_only=True):
    """What an owner has when its effects are planned.

    units: of one holder in one class of the owner's issue. issuer_of: who keeps so many of the
    owner's units of a resource, else the most that one issuer keeps.
    """

    owner: Did
    root: Cid | None
    snapshot: Snapshot
    units: Callable[[Holding], int]
    issuer_of: Callable[[ResourceType, int], Did | int]
    has_block: Callable[[Cid], bool]


class Movement(Struct, frozen=True, kw_only=True):
    """A change of the holdings by the effect at `position`. holder: None for units issued; to: None
    for units retired."""

    position: int
    token_class: str
    amount: int
    holder: Did | None
    to: Did | None


class Submission(Struct, frozen=True, kw_only=True):
    position: int
    effect: SubmitJob


class Plan(Struct, frozen=True, kw_only=True):
    """What is to be written. root: the state from then on. holdings: the units of each holding
    that changes. items: the units that the issuer is asked to move."""

    root: Cid | None
    blocks: Mapping[Cid, bytes]
    movements: tuple[Movement, ...]
    holdings: Mapping[Holding, int]
    items: tuple[TransferItem, ...]
    issuer: Did | None
    submissions: tuple[Submission, ...]


def plan_effects(
    effects: tuple[Effect, ...], *, ran_on: Cid | None, owned: Owned
) -> Plan | EffectRefusal:
    """What the effects of an execution come to, or why none of them is carried out. ran_on: the
    state root of the execution's context."""
    if ran_on != owned.root:
        return EffectRefusal(fault=EffectFault.STATE_MOVED)
    planning = _Planning(owned)
    for position, effect in enumerate(effects):
        refusal = planning.take(position, effect)
        if refusal is not None:
            return refusal
    issuers = set(planning.issuers.values())
    if len(issuers) > 1:
        detail = ", ".join(sorted(issuers))
        return EffectRefusal(fault=EffectFault.TWO_ISSUERS, detail=detail)
    snapshot = advanced(owned.snapshot, effects)
    root = owned.root
    if snapshot != owned.snapshot:
        block = snapshot.to_block()
        root = cid_of(block, Codec.DAG_CBOR)
        planning.blocks[root] = block
    return Plan(
        root=root,
        blocks=planning.blocks,
        movements=tuple(planning.movements),
        holdings=planning.holdings,
        items=tuple(planning.items),
        issuer=next(iter(issuers), None),
        submissions=tuple(planning.submissions),
    )


def linked_blocks(effects: Iterable[Effect]) -> tuple[Cid, ...]:
    """The blocks without which the effects cannot be carried out."""
    found: dict[Cid, None] = {}
    for effect in effects:
        match effect:
            case WriteState(value=cid) | PutBlock(cid=cid):
                found[cid] = None
            case _:
                pass
    return tuple(found)


_VERBS: Final = {MintTokens: "mint", BurnTokens: "burn", TransferTokens: "transfer"}


class _Planning:
    """The plan as the effects so far have made it."""

    def __init__(self, owned: Owned) -> None:
        self.owned = owned
        self.blocks: dict[Cid, bytes] = {}
        self.movements: list[Movement] = []
        self.holdings: dict[Holding, int] = {}
        self.items: list[TransferItem] = []
        self.issuers: dict[ResourceType, Did] = {}
        self.submissions: list[Submission] = []
        self.moved: dict[ResourceType, int] = {}

    def take(self, position: int, effect: Effect) -> EffectRefusal | None:
        match effect:
            case WriteState(value=cid) | PutBlock(cid=cid):
                if self.owned.has_block(cid):
                    return None
                return EffectRefusal(fault=EffectFault.BLOCK_MISSING, detail=str(cid))
            case AnchorData(data=data):
                block = data.encode()
                self.blocks[cid_of(block, Codec.RAW)] = block
                return None
            case SubmitJob():
                self.submissions.append(Submission(position=position, effect=effect))
                return None
            case MintTokens(token_class=name, amount=amount, to=to):
                return self._move(position, effect, name, amount, None, to)
            case BurnTokens(token_class=name, amount=amount, holder=holder):
                return self._move(position, effect, name, amount, holder, None)
            case TransferTokens(token_class=name, amount=amount, holder=holder, to=to):
                if name in RESOURCES:
                    return self._transfer(position, ResourceType(name), effect)
                return self._move(position, effect, name, amount, holder, to)
            case (
                RecordUsage()
                | DeclareState()
                | ForgetState()
                | EmitEvent()
                | PinBlock()
                | UnpinBlock()
            ):
                return None
            case _:
                assert_never(effect)

    def _transfer(
        self, position: int, kind: ResourceType, effect: TransferTokens
    ) -> EffectRefusal | None:
        if effect.holder != self.owned.owner:
            return EffectRefusal(fault=EffectFault.FOREIGN_UNITS, detail=effect.holder)
        if refusal := _amount_refusal(effect.amount):
            return _ledger_refusal(effect, refusal)
        total = self.moved[kind] = self.moved.get(kind, 0) + effect.amount
        issuer = self.owned.issuer_of(kind, total)
        if isinstance(issuer, int):
            return _ledger_refusal(effect, LedgerRefusal.BALANCE_TOO_LOW, issuer)
        self.issuers[kind] = issuer
        self.items.append(
            TransferItem(position=position, to=effect.to, resource_type=kind, amount=effect.amount)
        )
        return None

    def _move(
        self,
        position: int,
        effect: MintTokens | BurnTokens | TransferTokens,
        name: str,
        amount: int,
        holder: Did | None,
        to: Did | None,
    ) -> EffectRefusal | None:
        if refusal := _amount_refusal(amount):
            return _ledger_refusal(effect, refusal)
        if holder == to:
            return _ledger_refusal(effect, LedgerRefusal.SAME_ACCOUNT)
        if holder is not None:
            left = self._units((name, holder))
            if left < amount:
                return _ledger_refusal(effect, LedgerRefusal.BALANCE_TOO_LOW, left)
            self.holdings[name, holder] = left - amount
        if to is not None:
            units = self._units((name, to)) + amount
            if units > INTEGER_MAX:
                return _ledger_refusal(effect, LedgerRefusal.LEDGER_FULL)
            self.holdings[name, to] = units
        self.movements.append(
            Movement(position=position, token_class=name, amount=amount, holder=holder, to=to)
        )
        return None

    def _units(self, holding: Holding) -> int:
        found = self.holdings.get(holding)
        return self.owned.units(holding) if found is None else found


def _amount_refusal(amount: int) -> LedgerRefusal | None:
    if amount < 1:
        return LedgerRefusal.AMOUNT_NOT_POSITIVE
    return LedgerRefusal.AMOUNT_TOO_LARGE if amount > INTEGER_MAX else None


def _ledger_refusal(
    effect: MintTokens | BurnTokens | TransferTokens,
    refusal: LedgerRefusal,
    available: int | None = None,
) -> EffectRefusal:
    left = "" if available is None else f" ({available} left)"
    words = f"{_VERBS[type(effect)]} {effect.amount} {effect.token_class}: {refusal.value}{left}"
    return EffectRefusal(fault=EffectFault.CLASS_LEDGER, detail=words)
