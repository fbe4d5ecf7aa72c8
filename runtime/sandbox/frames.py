"""Frames on a pipe: four bytes of length, then one DAG-CBOR value.

Both ends are ours, but a compromised worker may write anything: the reader bounds the size and
treats every malformed frame as the end of the worker.
"""

import os
import struct
from typing import Any, Final

from runtime.content.codec import CodecError, decode, encode

FRAME_BYTES_MAX: Final = 256 << 20
_HEADER: Final = struct.Struct("<I")
HEADER_BYTES: Final = _HEADER.size


class FrameError(ValueError):
    """Bytes from the pipe that are no frame."""


def frame(value: Any) -> bytes:
    """Raises CodecError for a value without encoding."""
    body = encode(value)
    return _HEADER.pack(len(body)) + body


def body_length(header: bytes) -> int:
    """Raises FrameError."""
    length: int = _HEADER.unpack(header)[0]
    if length > FRAME_BYTES_MAX:
        raise FrameError(f"a frame of {length} bytes, at most {FRAME_BYTES_MAX} are read")
    return length


def read_body(body: bytes) -> dict[str, Any]:
    """Raises FrameError unless it is a map."""
    try:
        value = decode(body, bytes_max=FRAME_BYTES_MAX)
    except CodecError as error:
        raise FrameError(str(error)) from None
    if not isinstance(value, dict):
        raise FrameError("not a map")
    return value


class FrameReader:
    """Collects bytes as they come and gives whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Gives the frames completed by `data`. Raises FrameError."""
        self._buffer += data
        frames = []
        while len(self._buffer) >= HEADER_BYTES:
            length = body_length(bytes(self._buffer[:HEADER_BYTES]))
            end = HEADER_BYTES + length
            if len(self._buffer) < end:
                break
            frames.append(read_body(bytes(self._buffer[HEADER_BYTES:end])))
            del self._buffer[:end]
        return frames


class Pipes:
    """Standard input and output, as frames."""

    def receive(self) -> dict[str, Any] | None:
        """Reads the next frame; None when the parent has closed the pipe."""
        header = self._exactly(HEADER_BYTES)
        if header is None:
            return None
        body = self._exactly(body_length(header))
        return None if body is None else read_body(body)

    def send(self, value: dict[str, Any]) -> None:
        data = memoryview(frame(value))
        while data:
            data = data[os.write(1, data) :]

    @staticmethod
    def _exactly(length: int) -> bytes | None:
        parts = []
        while length:
            part = os.read(0, min(length, 1 << 20))
            if not part:
                return None
            parts.append(part)
            length -= len(part)
        return b"".join(parts)
