"""Descriptions of compiled modules: imports, exports, sections, sources, packed modules.

Foreign modules are read too. A damaged `ccl:` section does not make the module unreadable; it is
listed among `problems`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ccl.abi.bounds import Bound, bounds_from_value
from ccl.abi.sections import (
    ABI_SECTION,
    BOUNDS_SECTION,
    PACKED_SECTION,
    SITES_SECTION,
    SOURCE_SECTION,
    Abi,
    sites_from_value,
)
from ccl.wasm.binary import EXTERNAL_KINDS, Cursor, ModuleError, Section, sections
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import CodecError, decode

MODULE_BYTES_MAX: Final = 16 * 1024 * 1024
PAGE_BYTES: Final = 65536

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    module: str
    name: str
    kind: str
    signature: str
    """WebAssembly types, `(i32, i64) -> i32`; empty where the import is not a function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    name: str
    kind: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """`ccl:source`: the compiler's version, and the CID of each source by path."""

    compiler: str
    sources: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passenger:
    """A module packed inside this one."""

    cid: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    size_bytes: int
    cid: str
    sections: tuple[Section, ...]
    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    functions: int
    """Functions of its own, without the imported ones."""
    memory_pages: tuple[int, int | None] | None
    """(initial, maximum) in pages of 64 KiB, imported or its own; None without memory."""
    abi: Abi | None
    sites: int | None
    """How many places can trap; None without `ccl:sites`."""
    bounds: Mapping[str, Bound] | None
    """Worst-case fuel by export; None without `ccl:bounds`."""
    provenance: Provenance | None
    packed: tuple[Passenger, ...]
    problems: tuple[str, ...]


def inspect_module(data: bytes) -> Inspection:
    """Describes a module. Raises ModuleError if it is none, is damaged or over the size limit."""
    if len(data) > MODULE_BYTES_MAX:
        raise ModuleError(
            f"{len(data)} bytes, a module has at most {MODULE_BYTES_MAX}", MODULE_BYTES_MAX
        )
    parts = tuple(sections(data))
    reader = _Reader(data)
    for part in parts:
        reader.read(part)
    return Inspection(
        size_bytes=len(data),
        cid=str(cid_of(data, Codec.RAW)),
        sections=parts,
        imports=tuple(reader.imports),
        exports=tuple(
            Export(name=name, kind=EXTERNAL_KINDS[kind], signature=reader.signature(kind, index))
            for name, kind, index in reader.exports
        ),
        functions=reader.own_functions,
        memory_pages=reader.memory,
        abi=reader.custom(parts, ABI_SECTION, Abi.from_value),
        sites=reader.custom(parts, SITES_SECTION, lambda value: len(sites_from_value(value))),
        bounds=reader.custom(parts, BOUNDS_SECTION, bounds_from_value),
        provenance=reader.custom(parts, SOURCE_SECTION, _provenance),
        packed=reader.custom(parts, PACKED_SECTION, _passengers) or (),
        problems=tuple(reader.problems),
    )


class _Reader:
    """Collects the contents of the sections in order."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.types: list[str] = []
        self.function_types: list[int] = []
        self.own_functions = 0
        self.imports: list[Import] = []
        self.exports: list[tuple[str, int, int]] = []
        self.memory: tuple[int, int | None] | None = None
        self.problems: list[str] = []

    def read(self, section: Section) -> None:
        cursor = Cursor(self.data, section.start, section.end)
        match section.kind:
            case 1:
                self._read_types(cursor)
            case 2:
                for _ in range(cursor.count()):
                    self._read_import(cursor)
            case 3:
                self.own_functions = cursor.count()
                self.function_types += [cursor.unsigned() for _ in range(self.own_functions)]
            case 5:
                if cursor.count():
                    self.memory = cursor.limits()
            case 7:
                for _ in range(cursor.count()):
                    name = cursor.name()
                    kind = self._external_kind(cursor)
                    self.exports.append((name, kind, cursor.unsigned()))

    def _read_types(self, cursor: Cursor) -> None:
        for _ in range(cursor.count()):
            if cursor.byte() != 0x60:
                self.problems.append("uses types of a later WebAssembly version; not all are shown")
                return
            parameters = [cursor.value_type() for _ in range(cursor.count())]
            results = [cursor.value_type() for _ in range(cursor.count())]
            shape = f"({', '.join(parameters)})"
            self.types.append(f"{shape} -> {', '.join(results)}" if results else shape)

    def _read_import(self, cursor: Cursor) -> None:
        module, name = cursor.name(), cursor.name()
        kind = self._external_kind(cursor)
        signature = ""
        match EXTERNAL_KINDS[kind]:
            case "function":
                self.function_types.append(cursor.unsigned())
                signature = self.signature(kind, len(self.function_types) - 1)
            case "table":
                cursor.value_type()
                cursor.limits()
            case "memory":
                self.memory = cursor.limits()
            case "global":
                cursor.value_type()
                cursor.byte()
            case "tag":
                cursor.byte()
                cursor.unsigned()
        self.imports.append(
            Import(module=module, name=name, kind=EXTERNAL_KINDS[kind], signature=signature)
        )

    @staticmethod
    def _external_kind(cursor: Cursor) -> int:
        kind = cursor.byte()
        if kind >= len(EXTERNAL_KINDS):
            raise ModuleError(f"import or export kind {kind} does not exist", cursor.offset - 1)
        return kind

    def signature(self, kind: int, index: int) -> str:
        """Returns the type of the `index`-th function, as far as it could be read."""
        if EXTERNAL_KINDS[kind] != "function" or index >= len(self.function_types):
            return ""
        number = self.function_types[index]
        return self.types[number] if number < len(self.types) else "?"

    def custom(
        self, parts: tuple[Section, ...], name: str, interpret: Callable[[Any], T]
    ) -> T | None:
        """Returns the one custom section of that name; None, with a problem noted, if it is
        invalid.
        """
        found = [part for part in parts if part.kind == 0 and part.name == name]
        if not found:
            return None
        if len(found) > 1:
            self.problems.append(f"{len(found)} sections {name}; the first is shown")
        raw = self.data[found[0].start : found[0].end]
        try:
            return interpret(decode(raw, bytes_max=MODULE_BYTES_MAX))
        except (CodecError, ValueError) as error:
            self.problems.append(f"section {name} cannot be read: {error}")
            return None


def _provenance(value: Any) -> Provenance:
    match value:
        case {"compiler": str(compiler), "sources": dict(sources)}:
            return Provenance(
                compiler=compiler, sources={str(path): str(cid) for path, cid in sources.items()}
            )
    raise ValueError("malformed ccl:source section")


def _passengers(value: Any) -> tuple[Passenger, ...]:
    if not isinstance(value, dict) or not all(isinstance(b, bytes) for b in value.values()):
        raise ValueError("malformed ccl:packed section")
    return tuple(Passenger(cid=cid, size_bytes=len(module)) for cid, module in value.items())
