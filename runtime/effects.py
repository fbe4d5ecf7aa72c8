"""Effects: what a program asks to be done to the world, as values in the order it asked.

An execution only appends to the list; the list is applied, once, by whoever settles the
job. The block of a list is a DAG-CBOR list of `[kind, fields]`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from runtime.content.cid import Cid
from runtime.content.codec import CodecError, decode, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitJob:
    """Submit a job in the caller's name.

    arguments: DAG-CBOR list. budget: highest price in units, None for resource_amount.
    requirements and trust: as in a job manifest, checked for known keys only.
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

    @property
    def committed_units(self) -> int:
        """What the submission may cost at most, in units of its resource type."""
        return self.resource_amount if self.budget is None else self.budget


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUsage:
    """A usage claim of the program itself: shown, never billed."""

    resource_type: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorData:
    """Anchor a text in the DAG."""

    data: str


Effect: TypeAlias = SubmitJob | RecordUsage | AnchorData

_KINDS: Final[Mapping[str, type[SubmitJob] | type[RecordUsage] | type[AnchorData]]] = {
    "submit-job": SubmitJob,
    "record-usage": RecordUsage,
    "anchor": AnchorData,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


def effect_to_value(effect: Effect) -> list[Any]:
    fields = {name: getattr(effect, name) for name in type(effect).__dataclass_fields__}
    return [_NAMES[type(effect)], fields]


def effects_to_block(effects: Iterable[Effect]) -> bytes:
    """The canonical encoding of an effect list."""
    return encode([effect_to_value(effect) for effect in effects])


def effects_from_block(data: bytes) -> tuple[Effect, ...]:
    """Read what `effects_to_block` wrote. Raises CodecError for anything else."""
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
            return isinstance(effect.resource_type, str) and _is_int(effect.amount)
        case AnchorData():
            return isinstance(effect.data, str)
        case SubmitJob():
            return (
                isinstance(effect.wasm_cid, Cid)
                and isinstance(effect.description, str)
                and isinstance(effect.resource_type, str)
                and _is_int(effect.resource_amount)
                and isinstance(effect.priority, str)
                and isinstance(effect.input, Cid | None)
                and isinstance(effect.entry, str | None)
                and isinstance(effect.arguments, bytes | None)
                and (effect.budget is None or _is_int(effect.budget))
                and isinstance(effect.requirements, dict)
                and isinstance(effect.trust, dict)
                and (effect.max_seconds is None or _is_int(effect.max_seconds))
            )


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
