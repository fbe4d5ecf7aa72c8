"""The block of a deterministic result, which receipts and attestations name by its CID.

Rule: equal results have equal blocks, so comparing CIDs compares results.
"""

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import RECORD_BYTES_MAX, CodecError, decode, encode
from runtime.content.memo import read_once
from runtime.execution.execution import Deterministic


def result_block(result: Deterministic) -> tuple[Cid, bytes]:
    """The block of a result, and its name."""
    data = encode(result.to_value())
    return cid_of(data, Codec.DAG_CBOR), data


@read_once
def read_result(data: bytes) -> Deterministic:
    """Reads what `result_block` wrote. Raises CodecError for anything else, also for a result that
    has another block. Its texts are bounded, so that a settlement with all results is a message."""
    found = Deterministic.from_value(decode(data, bytes_max=RECORD_BYTES_MAX))
    if not _is_shaped(found):
        raise CodecError("not an execution result: a field has the wrong type, or is too long")
    if result_block(found)[1] != data:
        raise CodecError("not an execution result: it has other fields")
    return found


def _is_shaped(found: Deterministic) -> bool:
    outcome, fuel = found.outcome, found.fuel_used
    texts = (outcome.reason, outcome.detail, outcome.place)
    return (
        all(isinstance(each, str) for each in texts)
        and isinstance(outcome.article, str | None)
        and outcome == outcome.bounded()
        and all(isinstance(each, Cid | None) for each in (found.output, found.effects, found.logs))
        and (fuel is None or (isinstance(fuel, int) and not isinstance(fuel, bool) and fuel >= 0))
    )
