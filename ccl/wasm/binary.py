"""Reading the binary form of a WebAssembly module far enough to describe it.

A cursor over bytes that never reads past its end: whatever the bytes are, the answer is the
structure or a `ModuleError` with the offset where it stopped making sense.
Source: the WebAssembly core specification, chapter "Binary Format".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ccl.abi.sections import WASM_MAGIC

VERSION: Final = b"\x01\0\0\0"
COMPONENT_LAYER: Final = b"\x01\0"

SECTION_NAMES: Final = {
    0: "custom",
    1: "type",
    2: "import",
    3: "function",
    4: "table",
    5: "memory",
    6: "global",
    7: "export",
    8: "start",
    9: "element",
    10: "code",
    11: "data",
    12: "data count",
    13: "tag",
}
EXTERNAL_KINDS: Final = ("function", "table", "memory", "global", "tag")
_VALUE_TYPES: Final = {
    0x7F: "i32",
    0x7E: "i64",
    0x7D: "f32",
    0x7C: "f64",
    0x7B: "v128",
    0x70: "funcref",
    0x6F: "externref",
}


class ModuleError(ValueError):
    """Not a WebAssembly module, or a damaged one; `offset` in bytes is where it shows."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} (at byte {offset})")
        self.reason = reason
        self.offset = offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`name` is that of a custom section, else the specification's; offsets of the content."""

    kind: int
    name: str
    start: int
    end: int

    @property
    def size_bytes(self) -> int:
        return self.end - self.start


class Cursor:
    """Reads `data[offset:end]` forwards."""

    def __init__(self, data: bytes, offset: int, end: int) -> None:
        self.data = data
        self.offset = offset
        self.end = end

    def byte(self) -> int:
        if self.offset >= self.end:
            raise ModuleError("the module ends in the middle of a section", self.offset)
        self.offset += 1
        return self.data[self.offset - 1]

    def bytes(self, count: int) -> bytes:
        if count > self.end - self.offset:
            raise ModuleError(
                f"{count} bytes were announced, {self.end - self.offset} are left", self.offset
            )
        self.offset += count
        return self.data[self.offset - count : self.offset]

    def unsigned(self, bits: int = 32) -> int:
        """Reads a LEB128 integer of at most `bits` bits."""
        start, value, shift = self.offset, 0, 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if value >> bits or shift > bits + 6:
                raise ModuleError(f"an integer of more than {bits} bits", start)
            if byte < 0x80:
                return value

    def count(self) -> int:
        """Reads the length of a vector; each element takes at least a byte."""
        start, value = self.offset, self.unsigned()
        if value > self.end - self.offset:
            raise ModuleError(f"a list of {value} entries in a shorter section", start)
        return value

    def name(self) -> str:
        start = self.offset
        raw = self.bytes(self.unsigned())
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise ModuleError("a name that is not UTF-8", start) from None

    def value_type(self) -> str:
        byte = self.byte()
        if byte in (0x63, 0x64):
            # A typed reference: its heap type is a signed integer that we only step over.
            while self.byte() >= 0x80:
                pass
            return "ref"
        return _VALUE_TYPES.get(byte, "ref")

    def limits(self) -> tuple[int, int | None]:
        """Reads (minimum, maximum) in pages or elements."""
        flags = self.byte()
        bits = 64 if flags & 0x04 else 32
        minimum = self.unsigned(bits)
        return minimum, self.unsigned(bits) if flags & 0x01 else None


def sections(data: bytes) -> Iterator[Section]:
    """Lists the sections in order. Raises ModuleError, where it is noticed, for anything else."""
    if data[:4] != WASM_MAGIC:
        raise ModuleError(_not_a_module(data), 0)
    if len(data) < 8:
        raise ModuleError("the module ends inside its eight-byte header", len(data))
    if data[4:8] != VERSION:
        if data[6:8] == COMPONENT_LAYER:
            raise ModuleError("a WebAssembly component; a core module is needed", 4)
        raise ModuleError(f"WebAssembly version {int.from_bytes(data[4:8], 'little')}, not 1", 4)
    cursor = Cursor(data, 8, len(data))
    while cursor.offset < len(data):
        at = cursor.offset
        kind = cursor.byte()
        size = cursor.unsigned()
        start, end = cursor.offset, cursor.offset + size
        if end > len(data):
            label = SECTION_NAMES.get(kind, f"number {kind}")
            raise ModuleError(
                f"cut off: section {label} should have {size} bytes, {len(data) - start} are there",
                start,
            )
        if kind not in SECTION_NAMES:
            raise ModuleError(f"section number {kind} does not exist", at)
        name = SECTION_NAMES[kind]
        if kind == 0:
            inner = Cursor(data, start, end)
            name = inner.name()
            start = inner.offset
        yield Section(kind=kind, name=name, start=start, end=end)
        cursor.offset = end


def _not_a_module(data: bytes) -> str:
    if not data:
        return "an empty file"
    if data.lstrip().startswith(b"(module"):
        return "WebAssembly text; assemble it first, the binary form is needed"
    if WASM_MAGIC.startswith(data[:4]):
        return "cut off inside its first four bytes"
    return "not WebAssembly: it does not begin with the bytes 00 61 73 6d"
