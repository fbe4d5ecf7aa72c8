"""Digests of what a module is, section by section: what a change of the compiler's structure keeps.

Left out: the reasons of traps, the names of functions, the provenance of sources, and the lines of
sites, which move when the library is reworded.

Run as a program, this writes the digests of every fixed program of the repository to `MODULES`.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from blake3 import blake3
from ccl_sources import corpus
from spec_blocks import BLOCKS, Block

from ccl.abi.sections import PACKED_SECTION, SITES_SECTION, SOURCE_SECTION
from ccl.pipeline import compile_tests, compile_text
from ccl.support.recursion import make_room_for_nesting
from runtime.content.codec import decode

MODULES: Final = Path(__file__).parents[1] / "golden" / "modules.json"
SPEC: Final = "tests/spec/"
Digests = dict[str, str]

_NAMES: Final = {
    1: "types",
    2: "imports",
    3: "functions",
    4: "table",
    5: "memory",
    6: "globals",
    7: "exports",
    8: "start",
    9: "elements",
    10: "code",
    11: "data",
    12: "data count",
}
_CUSTOM: Final = 0
_HEADER_BYTES: Final = 8
_LEFT_OUT: Final = frozenset({"name", SOURCE_SECTION})


@cache
def recorded() -> dict[str, Digests]:
    """By name of the program: the digests of the module that it compiled to."""
    found: dict[str, Digests] = json.loads(MODULES.read_text())
    return found


def block_name(chapter: str, text: str) -> str:
    """The name of a block of a page, which does not change when blocks before it do."""
    return f"{chapter} {_digest(text.encode())}"


def spec_name(block: Block) -> str:
    return block_name(f"{SPEC}{block.chapter}.md", block.text)


def digests_of_text(text: str, path: str) -> Digests | None:
    """Of the module of a program; None if it does not compile."""
    wasm = compile_text(text, path).wasm
    return None if wasm is None else section_digests(wasm)


def digests_of_tests(text: str, path: str) -> Digests | None:
    """Of the module whose exports are the tests of a file."""
    wasm = compile_tests(text, path).wasm
    return None if wasm is None else section_digests(wasm)


def file_modules() -> Iterator[tuple[str, Digests]]:
    """Of every program that is a file of the repository, and of every block of its pages."""
    for name, text in corpus().items():
        page, separator, _ = name.rpartition(":")
        if not separator:
            found = digests_of_text(text, name), digests_of_tests(text, name)
            for suffix, digests in zip(("", " tests"), found, strict=True):
                if digests is not None:
                    yield name + suffix, digests
        elif not page.startswith(SPEC):
            digests = digests_of_text(text, "page.ccl")
            if digests is not None:
                yield block_name(page, text), digests


def spec_modules() -> Iterator[tuple[str, Digests]]:
    """Of every block of the specification."""
    for block in BLOCKS:
        digests = digests_of_text(block.text, "spec.ccl")
        if digests is not None:
            yield spec_name(block), digests


def section_digests(wasm: bytes) -> Digests:
    """By name of the section: 12 hexadecimal digits of the BLAKE3 of what is compared in it."""
    found: Digests = {}
    for name, body in _sections(wasm):
        if name == PACKED_SECTION:
            for position, module in enumerate(decode(body).values()):
                inner = section_digests(module)
                found |= {f"packed {position} {each}": digest for each, digest in inner.items()}
        elif name not in _LEFT_OUT:
            found[name] = _digest(_compared_sites(body) if name == SITES_SECTION else body)
    return found


def _digest(data: bytes) -> str:
    return blake3(data).hexdigest(length=6)


def _compared_sites(body: bytes) -> bytes:
    """Number, column and article of each site."""
    sites: list[list[Any]] = decode(body)
    return repr([(each[0], each[3], each[5]) for each in sites]).encode()


def _sections(wasm: bytes) -> Iterator[tuple[str, bytes]]:
    at = _HEADER_BYTES
    while at < len(wasm):
        kind = wasm[at]
        size, start = _unsigned(wasm, at + 1)
        at = start + size
        if kind == _CUSTOM:
            length, text = _unsigned(wasm, start)
            yield wasm[text : text + length].decode(), wasm[text + length : at]
        else:
            yield _NAMES[kind], wasm[start:at]


def _unsigned(data: bytes, at: int) -> tuple[int, int]:
    """The LEB128 number at a place, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _write() -> None:
    modules = dict(sorted([*file_modules(), *spec_modules()]))
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(each)}" for name, each in modules.items())
    MODULES.write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    make_room_for_nesting()
    _write()
