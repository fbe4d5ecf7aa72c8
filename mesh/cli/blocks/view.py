"""A block as JSON: links as CID text, bytes in base64, everything else as it is."""

from base64 import b64encode
from typing import Any

from runtime.content.cid import Cid, Codec
from runtime.content.codec import CodecError, decode
from runtime.terminal.errors import CommandError, ExitCode


def block_to_json(cid: Cid, data: bytes) -> dict[str, Any]:
    """A block for programs: the value of a dag-cbor block, the bytes of any other, in base64.

    Raises CommandError.
    """
    if cid.codec is not Codec.DAG_CBOR:
        return {"cid": str(cid), "base64": b64encode(data).decode("ascii"), "value": None}
    try:
        value = plain(decode(data, bytes_max=len(data)))
    except CodecError as error:
        raise CommandError(
            ExitCode.VERIFICATION,
            "block-not-canonical",
            f"block {cid} is not canonical DAG-CBOR: {error}",
            hint="get its bytes with --output FILE",
        ) from None
    return {"cid": str(cid), "base64": None, "value": value}


def plain(value: Any) -> Any:
    """A decoded value with nothing in it that JSON does not have."""
    match value:
        case Cid():
            return {"/": str(value)}
        case bytes():
            return {"/": {"base64": b64encode(value).decode("ascii").rstrip("=")}}
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value
