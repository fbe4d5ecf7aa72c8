"""From the module model to WebAssembly text: the one printer. It decides nothing.

The text is what `--emit wat` shows, what snapshots hold and what is assembled.
"""

from collections.abc import Iterable, Iterator

from ccl.wasm.model import Data, Function, Import, Instruction, Module

_OPENERS = frozenset({"block", "loop", "if"})
_STEP = "  "


def text_of(module: Module) -> str:
    """The whole module, ending in a line break."""
    return "\n".join(_lines(module)) + "\n"


def quoted(content: bytes) -> str:
    """A string literal of the text format."""
    return '"' + "".join(map(_BYTE_TEXT.__getitem__, content)) + '"'


_BYTE_TEXT = [
    chr(b) if 0x20 <= b < 0x7F and b not in (0x22, 0x5C) else f"\\{b:02x}" for b in range(256)
]


def _lines(module: Module) -> Iterator[str]:
    yield "(module"
    for imported in module.imports:
        yield _STEP + _import(imported)
    export = quoted(module.memory_export.encode())
    yield f"{_STEP}(memory (export {export}) {module.memory_pages})"
    for g in module.globals:
        export = f" (export {quoted(g.export.encode())})" if g.export is not None else ""
        yield f"{_STEP}(global ${g.name}{export} (mut {g.type}) ({g.type}.const {g.initial}))"
    if module.table:
        yield f"{_STEP}(table {len(module.table)} funcref)"
        yield f"{_STEP}(elem (i32.const 0) {' '.join(f'${name}' for name in module.table)})"
    for data in module.data:
        yield from _data(data)
    for routine in module.library:
        for line in routine.splitlines():
            yield _STEP + line if line else ""
    for function in module.functions:
        yield from _function(function)
    for name, function_name in module.exports:
        yield f"{_STEP}(export {quoted(name.encode())} (func ${function_name}))"
    yield ")"


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


def _function(function: Function) -> Iterator[str]:
    title = f" (@name {quoted(function.title.encode())})" if function.title is not None else ""
    head = f"{_STEP}(func ${function.name}{title}"
    for name, kind in function.parameters:
        head += f" (param ${name} {kind})"
    if function.result is not None:
        head += f" (result {function.result})"
    yield head
    for name, kind in function.locals:
        yield f"{_STEP * 2}(local ${name} {kind})"
    yield from _indented(function.body)
    yield f"{_STEP})"


def _indented(body: Iterable[Instruction]) -> Iterator[str]:
    indent = _STEP * 2
    for line in body:
        word = line.split(" ", 1)[0]
        if word == "end":
            indent = indent[:-2]
            yield indent + line
        elif word == "else":
            yield indent[:-2] + line
        else:
            yield indent + line
            if word in _OPENERS:
                indent += _STEP
