"""Effects: changes of the world that a program requests, as values in the order of the requests.

An execution only appends to the list; the settlement of the job applies it, once. The block of a
list is a DAG-CBOR list of `[kind, fields]`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias, assert_never

from msgspec import Struct, field

from runtime.content.cid import Cid
from runtime.content.codec import CodecError, decode, encode
from runtime.content.did import Did


class SubmitJob(Struct, frozen=True, kw_only=True):
    """Submits a job in the caller's name.

    scope: of the resource token that pays; absent from the block where it is not given, as in the
    effects of receipts that were signed before there was one. arguments: DAG-CBOR list. budget:
    highest price in units, None for resource_amount. requirements and trust: as in a job manifest,
    checked for valid keys only.
    """

    wasm_cid: Cid
    description: str
    resource_type: str
    resource_amount: int
    priority: str
    input: Cid | None = None
    entry: str | None = None
    arguments: bytes | None = None
    budget: int | None = None
    requirements: Mapping[str, Any] = field(default_factory=dict)
    trust: Mapping[str, Any] = field(default_factory=dict)
    max_seconds: int | None = None
    scope: str | None = None

    @property
    def committed_units(self) -> int:
        """The highest cost of the submission, in units of its resource type."""
        return self.resource_amount if self.budget is None else self.budget


class RecordUsage(Struct, frozen=True, kw_only=True):
    """Claims usage by the program itself: shown, never billed."""

    resource_type: str
    amount: int


class AnchorData(Struct, frozen=True, kw_only=True):
    """Anchors a text in the DAG."""

    data: str


class WriteState(Struct, frozen=True, kw_only=True):
    """Stores a state variable. value: CID of its DAG-CBOR block, which travels along."""

    home: str
    variable: str
    shape: str
    value: Cid


class DeclareState(Struct, frozen=True, kw_only=True):
    """Declares the variables that a home has from here on: a line `name: shape` for each, by
    name."""

    home: str
    schema: str


class ForgetState(Struct, frozen=True, kw_only=True):
    """Removes a stored state variable."""

    home: str
    variable: str


class EmitEvent(Struct, frozen=True, kw_only=True):
    """Reports an event by name. data: DAG-CBOR. article: "" for none."""

    name: str
    data: bytes
    article: str


class MintTokens(Struct, frozen=True, kw_only=True):
    """Issues units of a class of the owner's own issue."""

    token_class: str
    amount: int
    to: Did


class BurnTokens(Struct, frozen=True, kw_only=True):
    """Retires units of a class of the owner's own issue."""

    token_class: str
    amount: int
    holder: Did


class TransferTokens(Struct, frozen=True, kw_only=True):
    """Moves units: of a class of the owner's own issue, or the owner's own of a resource."""

    token_class: str
    amount: int
    holder: Did
    to: Did


class PutBlock(Struct, frozen=True, kw_only=True):
    """Stores a raw block, which travels along, and pins it."""

    cid: Cid


class PinBlock(Struct, frozen=True, kw_only=True):
    """Keeps a block for later executions."""

    cid: Cid


class UnpinBlock(Struct, frozen=True, kw_only=True):
    """Keeps a block no longer."""

    cid: Cid


Effect: TypeAlias = (
    SubmitJob
    | RecordUsage
    | AnchorData
    | WriteState
    | DeclareState
    | ForgetState
    | EmitEvent
    | MintTokens
    | BurnTokens
    | TransferTokens
    | PutBlock
    | PinBlock
    | UnpinBlock
)

_KINDS: Final[Mapping[str, type[Effect]]] = {
    "submit-job": SubmitJob,
    "record-usage": RecordUsage,
    "anchor": AnchorData,
    "write-state": WriteState,
    "declare-state": DeclareState,
    "forget-state": ForgetState,
    "emit": EmitEvent,
    "mint": MintTokens,
    "burn": BurnTokens,
    "transfer": TransferTokens,
    "put-block": PutBlock,
    "pin-block": PinBlock,
    "unpin-block": UnpinBlock,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


def effect_to_value(effect: Effect) -> list[Any]:
    fields = {name: getattr(effect, name) for name in effect.__struct_fields__}
    if isinstance(effect, SubmitJob) and effect.scope is None:
        del fields["scope"]
    return [_NAMES[type(effect)], fields]


def effects_to_block(effects: Iterable[Effect]) -> bytes:
    """Encodes an effect list canonically."""
    return encode([effect_to_value(effect) for effect in effects])


def effects_from_block(data: bytes) -> tuple[Effect, ...]:
    """Reads what `effects_to_block` wrote. Raises CodecError for anything else."""
    value = decode(data)
    if not isinstance(value, list):
        raise CodecError("not an effect list")
    return tuple(_effect_from_value(item) for item in value)


def _effect_from_value(value: Any) -> Effect:
    try:
        name, fields = value
        effect = _KINDS[name](**fields)
    except (TypeError, ValueError, KeyError) as error:
        raise CodecError(f"not an effect: {error}") from None
    if not _shaped(effect):
        raise CodecError(f"not an effect: a field of {name!r} has the wrong type")
    return effect


def _shaped(effect: Effect) -> bool:
    match effect:
        case RecordUsage():
            return isinstance(effect.resource_type, str) and _is_amount(effect.amount)
        case AnchorData():
            return isinstance(effect.data, str)
        case SubmitJob():
            return _shaped_submission(effect)
        case WriteState():
            texts = (effect.home, effect.variable, effect.shape)
            return _are_texts(*texts) and isinstance(effect.value, Cid)
        case DeclareState():
            return _are_texts(effect.home, effect.schema)
        case ForgetState():
            return _are_texts(effect.home, effect.variable)
        case EmitEvent():
            return _are_texts(effect.name, effect.article) and isinstance(effect.data, bytes)
        case MintTokens():
            return _is_amount(effect.amount) and _are_texts(effect.token_class, effect.to)
        case BurnTokens():
            return _is_amount(effect.amount) and _are_texts(effect.token_class, effect.holder)
        case TransferTokens():
            texts = (effect.token_class, effect.holder, effect.to)
            return _is_amount(effect.amount) and _are_texts(*texts)
        case PutBlock() | PinBlock() | UnpinBlock():
            return isinstance(effect.cid, Cid)
        case _:
            assert_never(effect)


def _shaped_submission(effect: SubmitJob) -> bool:
    return (
        isinstance(effect.wasm_cid, Cid)
        and _are_texts(effect.description, effect.resource_type, effect.priority)
        and _is_amount(effect.resource_amount)
        and isinstance(effect.input, Cid | None)
        and isinstance(effect.scope, str | None)
        and isinstance(effect.entry, str | None)
        and isinstance(effect.arguments, bytes | None)
        and (effect.budget is None or _is_amount(effect.budget))
        and isinstance(effect.requirements, dict)
        and isinstance(effect.trust, dict)
        and (effect.max_seconds is None or _is_amount(effect.max_seconds))
    )


def _are_texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)


def _is_amount(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
