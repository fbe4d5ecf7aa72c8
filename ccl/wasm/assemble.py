"""Assembly of WebAssembly text to a valid module: the compiler's only use of the engine.

Invariant: the sandbox accepts each module that is returned. The engine validates it with the
features of the sandbox, because a module with a CID is signed, priced and paid for.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ccl.abi.features import WASM_FEATURES
from ccl.wasm.binary import Cursor, sections
from runtime.content.varint import write_varint

if TYPE_CHECKING:
    import wasmtime

ENGINE_SETTINGS: Final[Mapping[str, bool]] = {**WASM_FEATURES, "parallel_compilation": False}
"""A pool of threads would cost more than the validation."""
_CODE_SECTION: Final = 10
_FUNCTION: Final = re.compile(r"^  \(func .*?(?=^  \S|\Z)", re.MULTILINE | re.DOTALL)
_OFFSET: Final = re.compile(r"\(at offset 0x([0-9a-f]+)\)")


class InvalidModule(Exception):
    """The generated code is not valid WebAssembly: a bug of code generation.

    Its note, which a report of the bug holds, is the text of the function.
    """


def assemble(text: str, custom: Mapping[str, bytes]) -> bytes:
    """Assembles the binary module, with the custom sections appended in the order of the mapping.

    Raises InvalidModule. Text that the assembler refuses is a bug of code generation too;
    wasmtime's own exception passes through.
    """
    from wasmtime import Module, WasmtimeError, wat2wasm

    binary = bytes(wat2wasm(text))
    module = binary + b"".join(_section(name, content) for name, content in custom.items())
    try:
        Module.validate(_engine(), module)
    except WasmtimeError as error:
        raise _invalid(str(error), text, module) from None
    return module


@lru_cache(maxsize=1)
def _engine() -> "wasmtime.Engine":
    import wasmtime

    config = wasmtime.Config()
    for name, value in ENGINE_SETTINGS.items():
        setattr(config, name, value)
    return wasmtime.Engine(config)


def _section(name: str, content: bytes) -> bytes:
    encoded = name.encode()
    payload = write_varint(len(encoded)) + encoded + content
    return b"\x00" + write_varint(len(payload)) + payload


def _invalid(reason: str, text: str, module: bytes) -> InvalidModule:
    error = InvalidModule(
        f"the generated module is not valid WebAssembly: {' '.join(reason.split())}"
    )
    offset = _OFFSET.search(reason)
    function = None if offset is None else _function_at(int(offset[1], 16), text, module)
    error.add_note(f"The function in question:\n{function or text}")
    return error


def _function_at(offset: int, text: str, module: bytes) -> str | None:
    """Returns the text of the function with code at an offset of the binary."""
    for section in sections(module):
        if section.kind == _CODE_SECTION and section.start <= offset < section.end:
            cursor = Cursor(module, section.start, section.end)
            for function in _FUNCTION.findall(text)[: cursor.count()]:
                size = cursor.unsigned()
                if offset < cursor.offset + size:
                    return str(function)
                cursor.bytes(size)
    return None
