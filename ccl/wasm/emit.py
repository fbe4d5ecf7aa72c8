"""Printing of the module model as WebAssembly text, without any decisions.

The text is the output of `--emit wat`, the content of snapshots and the input of the assembler.
"""

from collections.abc import Iterator
from functools import lru_cache

from ccl.wasm.model import Data, Function, Import, Module

_OPENERS = frozenset({"block", "loop", "if"})
_STRUCTURE = (*_OPENERS, "else", "end")
_STEP = "  "


def text_of(module: Module) -> str:
    """Prints the whole module, ending in a line break."""
    return "\n".join(_lines(module)) + "\n"


def quoted(content: bytes) -> str:
    """Quotes a string literal of the text format."""
    return '"' + "".join(map(_BYTE_TEXT.__getitem__, content)) + '"'


_BYTE_TEXT = [
    chr(b) if 0x20 <= b < 0x7F and b not in (0x22, 0x5C) else f"\\{b:02x}" for b in range(256)
]


def _lines(module: Module) -> list[str]:
    lines = ["(module", *(_STEP + _import(imported) for imported in module.imports)]
    export = quoted(module.memory_export.encode())
    lines.append(f"{_STEP}(memory (export {export}) {module.memory_pages})")
    for g in module.globals:
        export = f" (export {quoted(g.export.encode())})" if g.export is not None else ""
        lines.append(
            f"{_STEP}(global ${g.name}{export} (mut {g.type}) ({g.type}.const {g.initial}))"
        )
    if module.table:
        lines.append(f"{_STEP}(table {len(module.table)} funcref)")
        names = " ".join(f"${name}" for name in module.table)
        lines.append(f"{_STEP}(elem (i32.const 0) {names})")
    for data in module.data:
        lines.extend(_data(data))
    lines.extend(map(_routine, module.library))
    for function in module.functions:
        _function(function, lines)
    for name, function_name in module.exports:
        lines.append(f"{_STEP}(export {quoted(name.encode())} (func ${function_name}))")
    lines.append(")")
    return lines


@lru_cache(maxsize=1024)
def _routine(text: str) -> str:
    """Indents a routine's text; most modules have the same ones."""
    return "\n".join(_STEP + line if line else "" for line in text.splitlines())


def _import(imported: Import) -> str:
    shape = f" (param {' '.join(imported.parameters)})" if imported.parameters else ""
    if imported.result is not None:
        shape += f" (result {imported.result})"
    names = f"{quoted(imported.module.encode())} {quoted(imported.name.encode())}"
    return f"(import {names} (func ${imported.name}{shape}))"


def _data(data: Data) -> Iterator[str]:
    yield f"{_STEP}(data (i32.const {data.address})"
    for start in range(0, len(data.content), 64):
        yield _STEP * 2 + quoted(data.content[start : start + 64])
    yield f"{_STEP})"


def _function(function: Function, lines: list[str]) -> None:
    title = f" (@name {quoted(function.title.encode())})" if function.title is not None else ""
    head = f"{_STEP}(func ${function.name}{title}"
    for name, kind in function.parameters:
        head += f" (param ${name} {kind})"
    if function.result is not None:
        head += f" (result {function.result})"
    lines.append(head)
    lines.extend([f"{_STEP * 2}(local ${name} {kind})" for name, kind in function.locals])
    indent = _STEP * 2
    for line in function.body:
        if not line.startswith(_STRUCTURE):
            lines.append(indent + line)
            continue
        word = line.split(" ", 1)[0]
        if word == "end":
            indent = indent[:-2]
            lines.append(indent + line)
        elif word == "else":
            lines.append(indent[:-2] + line)
        else:
            lines.append(indent + line)
            if word in _OPENERS:
                indent += _STEP
    lines.append(f"{_STEP})")
