"""Executions from workers' answers: every part is checked, every CID computed here."""

from typing import Any

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError, decode, encode
from runtime.execution.execution import (
    FRAMES_MAX,
    Deterministic,
    Execution,
    Metrics,
    Outcome,
    OutcomeKind,
)
from runtime.execution.rehearsal import Rehearsed


def rejected(reason: str, detail: str) -> Execution:
    """Makes the result of a module that is not compiled at all."""
    outcome = Outcome(kind=OutcomeKind.REJECTED, reason=reason, detail=detail).bounded()
    return Execution(
        deterministic=Deterministic(
            outcome=outcome, output=None, effects=None, logs=None, fuel_used=0
        ),
        metrics=Metrics(wall_ms=0, memory_peak_bytes=0, host_calls=0),
    )


def execution_from(answer: dict[str, Any]) -> Execution:
    """Reads an answer. Raises CodecError for one that no correct worker gives."""
    blocks: dict[Cid, bytes] = {}

    def block(data: bytes | None, codec: Codec) -> Cid | None:
        if data is None:
            return None
        cid = cid_of(data, codec)
        blocks[cid] = data
        return cid

    try:
        log = answer["log"]
        codec = Codec.DAG_CBOR if answer["output_is_value"] else Codec.RAW
        fuel_used = answer["fuel_used"]
        deterministic = Deterministic(
            outcome=Outcome.from_value(answer["outcome"]).bounded(),
            output=block(_bytes(answer["output"]), codec),
            effects=block(_bytes(answer["effects"]), Codec.DAG_CBOR),
            logs=block(encode(log), Codec.DAG_CBOR) if log else None,
            fuel_used=None if fuel_used is None else _natural(fuel_used),
        )
        for each, data in answer["blocks"]:
            block(_bytes(data), Codec(each))
        metrics = Metrics(
            wall_ms=-(-_natural(answer["wall_ns"]) // 1_000_000),
            memory_peak_bytes=_natural(answer["memory_peak_bytes"]),
            host_calls=_natural(answer["host_calls"]),
            frames=_frames(answer["frames"]),
        )
        charter = nested_charter(answer["charter"])
        records = answer["rehearsal"]
        rehearsal = None if records is None else Rehearsed.from_value(records)
    except (KeyError, TypeError, ValueError) as error:
        raise CodecError(f"not a worker's answer: {error}") from None
    return Execution(
        deterministic=deterministic,
        metrics=metrics,
        blocks=blocks,
        charter=charter,
        rehearsal=rehearsal,
    )


def _frames(value: Any) -> tuple[int, ...]:
    if len(value) > FRAMES_MAX:
        raise ValueError(f"{len(value)} frames")
    return tuple(map(_natural, value))


def _bytes(value: Any) -> bytes | None:
    if value is not None and not isinstance(value, bytes):
        raise TypeError(f"expected bytes, found {type(value).__name__}")
    return value


def _natural(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"expected a count, found {value!r}")
    return value


def nested_charter(entries: list[list[Any]]) -> tuple[Any, ...]:
    """Nests a charter: ["section", kind, label, entries] and ["property", key, value] from begin,
    set and end; ["undecided", condition, missing, place] as it is."""
    stack: list[list[Any]] = [[]]
    for entry in entries:
        match entry:
            case ["begin", str(kind), bytes(label)]:
                section = ["section", kind, decode(label), []]
                stack[-1].append(section)
                stack.append(section[3])
            case ["set", str(key), bytes(value)]:
                stack[-1].append(["property", key, decode(value)])
            case ["undecided", str(), str(), str()]:
                stack[-1].append(list(entry))
            case ["end"] if len(stack) > 1:
                stack.pop()
            case _:
                raise TypeError("a charter entry of unknown form")
    return tuple(stack[0])
