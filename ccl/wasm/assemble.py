"""WebAssembly text to bytes: the only door to `wat2wasm`, and the writer of custom sections."""

from collections.abc import Mapping

from runtime.content.varint import write_varint


def assemble(text: str, custom: Mapping[str, bytes]) -> bytes:
    """The binary module, with the custom sections appended in the order of the mapping.

    Text that the assembler refuses is a fault of the code generation, never of a user's
    program; wasmtime's own exception passes through.
    """
    from wasmtime import wat2wasm

    binary = bytes(wat2wasm(text))
    return binary + b"".join(_section(name, content) for name, content in custom.items())


def _section(name: str, content: bytes) -> bytes:
    encoded = name.encode()
    payload = write_varint(len(encoded)) + encoded + content
    return b"\x00" + write_varint(len(payload)) + payload
