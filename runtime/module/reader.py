"""Reader of the headers of a WebAssembly binary: sections, types, imports, exports, local counts.

Bodies and initialisers are skipped by their declared sizes. Every count is checked against the rest
of the file before anything is built from it.
Source: WebAssembly core specification 2.0, section 5 (binary format).
"""

from typing import Final

from ccl.abi.limits import ModuleLimits
from runtime.module.headers import Body, Export, FunctionType, Import, Reading, Section

_VALUE_TYPES: Final = {
    0x7F: "i32",
    0x7E: "i64",
    0x7D: "f32",
    0x7C: "f64",
    0x7B: "v128",
    0x70: "funcref",
    0x6F: "externref",
}
_KINDS: Final = {0: "function", 1: "table", 2: "memory", 3: "global", 4: "tag"}
_FUNCTION_FORM: Final = 0x60
_CUSTOM: Final = 0
SECTIONS_MAX: Final = 4096
TABLES_MAX: Final = 16


class MalformedError(Exception):
    """A module that cannot be read, or uses a feature that is not enabled."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} ({detail})" if detail else reason)
        self.reason = reason
        self.detail = detail


def read_module(module: bytes, limits: ModuleLimits, *, custom: tuple[str, ...]) -> Reading:
    """Reads the headers, with the payload of those custom sections. Raises MalformedError."""
    return ModuleReader(module, limits.types, limits.parameters).read(
        functions_max=limits.functions,
        locals_max=limits.locals_total,
        imports_max=limits.imports,
        exports_max=limits.exports,
        globals_max=limits.globals,
        segments_max=limits.segments,
        custom=custom,
    )


class ModuleReader:
    """One pass over a module; `read` may be called once."""

    def __init__(self, module: bytes, types_max: int, parameters_max: int) -> None:
        self._data = module
        self._at = 8
        self._end = len(module)
        self._types_max = types_max
        self._parameters_max = parameters_max
        self._types: list[FunctionType] = []
        self._signatures: list[int] = []
        self._raw_exports: list[tuple[str, int, int]] = []

    def read(
        self,
        *,
        functions_max: int,
        locals_max: int,
        imports_max: int,
        exports_max: int,
        globals_max: int,
        segments_max: int,
        custom: tuple[str, ...],
    ) -> Reading:
        """Raises MalformedError: with the offset where the file cannot be read, or the limit."""
        reading = Reading()
        seen: list[int] = []
        while self._at < len(self._data):
            section = self._section(seen)
            match section:
                case 0:
                    self._custom(reading, custom)
                case 1:
                    self._type_section()
                case 2:
                    self._import_section(reading, imports_max)
                case 3:
                    self._function_section(reading, functions_max)
                case 4:
                    self._table_section(reading)
                case 5:
                    self._memory_section(reading)
                case 7:
                    self._export_section(exports_max)
                case 10:
                    self._code_section(reading, locals_max)
                case 6:
                    reading.globals = self._entries("globals", globals_max)
                case 9:
                    reading.elements = self._entries("element segments", segments_max)
                case 11:
                    reading.segments = self._count("data segments", segments_max)
                case 13:
                    raise MalformedError("exceptions are switched off", "the module has tags")
                case _:
                    pass
            self._at = self._end
        reading.types, reading.signatures = self._types, self._signatures
        reading.exports = [self._export(*raw) for raw in self._raw_exports]
        return reading

    # --- sections

    def _section(self, seen: list[int]) -> int:
        """Reads the number of the section that begins here, and limits reading to its end."""
        size = len(self._data)
        self._end = size
        section, start = self._byte(), self._at
        length = self._u32()
        if length > size - self._at:
            raise MalformedError(
                "the module is cut off",
                f"section {section} at byte {start} has {length} bytes, {size - self._at} are left",
            )
        self._end = self._at + length
        seen.append(section)
        if section != _CUSTOM and seen.count(section) > 1:
            raise MalformedError(f"two sections with number {section}", f"at byte {start}")
        if len(seen) > SECTIONS_MAX:
            raise MalformedError(f"more than {SECTIONS_MAX} sections")
        return section

    def _custom(self, reading: Reading, wanted: tuple[str, ...]) -> None:
        name = self._name()
        if name not in wanted:
            return
        if name in reading.custom:
            raise MalformedError(f"two sections {name}")
        reading.custom[name] = self._data[self._at : self._end]

    def _type_section(self) -> None:
        for _ in range(self._count("types", self._types_max)):
            form = self._byte()
            if form != _FUNCTION_FORM:
                raise MalformedError(
                    "a type that is not a function type",
                    f"form 0x{form:02x} at byte {self._at - 1}; garbage collection is switched off",
                )
            self._types.append(
                FunctionType(parameters=self._value_types(), results=self._value_types())
            )

    def _value_types(self) -> tuple[str, ...]:
        count = self._count("parameters or results", self._parameters_max)
        return tuple(self._value_type() for _ in range(count))

    def _value_type(self) -> str:
        code = self._byte()
        name = _VALUE_TYPES.get(code)
        if name is None:
            raise MalformedError(
                "a value type that is not supported", f"0x{code:02x} at byte {self._at - 1}"
            )
        return name

    def _import_section(self, reading: Reading, imports_max: int) -> None:
        for _ in range(self._count("imports", imports_max)):
            module, name, kind = self._name(), self._name(), self._byte()
            function: FunctionType | None = None
            match kind:
                case 0:
                    index = self._u32()
                    self._signatures.append(index)
                    function = self._type_at(index)
                case 1:
                    self._table_type()
                case 2:
                    self._memory_limits()
                case 3:
                    self._value_type()
                    self._byte()
                case 4:
                    self._byte()
                    self._u32()
                case _:
                    raise MalformedError(
                        "an import of unknown kind", f"{kind} at byte {self._at - 1}"
                    )
            reading.imports.append(
                Import(module=module, name=name, kind=_KINDS[kind], type=function)
            )

    def _function_section(self, reading: Reading, functions_max: int) -> None:
        count = self._count("functions", functions_max - reading.functions)
        reading.functions += count
        self._signatures.extend(self._u32() for _ in range(count))

    def _table_section(self, reading: Reading) -> None:
        for _ in range(self._count("tables", TABLES_MAX)):
            reading.tables.append(self._table_type())

    def _memory_section(self, reading: Reading) -> None:
        for _ in range(self._count("memories", 1)):
            reading.memories.append(self._memory_limits())

    def _export_section(self, exports_max: int) -> None:
        for _ in range(self._count("exports", exports_max)):
            self._raw_exports.append((self._name(), self._byte(), self._u32()))

    def _code_section(self, reading: Reading, locals_max: int) -> None:
        for _ in range(self._count("function bodies", self._end - self._at)):
            size = self._u32()
            body_end = self._at + size
            if body_end > self._end:
                raise MalformedError(
                    "the module is cut off", f"a function body at byte {self._at} of {size} bytes"
                )
            before = reading.locals_total
            for _ in range(self._count("groups of locals", size)):
                # A group of no locals costs the reader as much as one local.
                reading.locals_total += max(self._u32(), 1)
                self._value_type()
                if reading.locals_total > locals_max:
                    raise MalformedError(f"more than {locals_max} locals in total")
            declared = reading.locals_total - before
            reading.bodies.append(Body(self._at, body_end, declared))
            self._at = body_end

    def _entries(self, what: str, most: int) -> Section:
        count = self._count(what, most)
        return Section(self._at, self._end, count)

    # --- pieces

    def _table_type(self) -> int:
        kind = self._byte()
        if kind not in (0x70, 0x6F):
            raise MalformedError(
                "a table type that is not supported", f"0x{kind:02x} at byte {self._at - 1}"
            )
        flags = self._byte()
        if flags > 1:
            raise MalformedError("shared or 64-bit tables are switched off")
        return self._limits(flags)[0]

    def _memory_limits(self) -> tuple[int, int | None]:
        flags = self._byte()
        if flags & 2:
            raise MalformedError("threads are switched off", "the module has a shared memory")
        if flags & 4:
            raise MalformedError("64-bit memory is switched off")
        if flags > 1:
            raise MalformedError("memory limits that are not supported", f"flags 0x{flags:02x}")
        return self._limits(flags)

    def _limits(self, flags: int) -> tuple[int, int | None]:
        minimum = self._u32()
        return minimum, self._u32() if flags & 1 else None

    def _type_at(self, index: int) -> FunctionType:
        if index >= len(self._types):
            raise MalformedError(f"type {index} is used, {len(self._types)} are declared")
        return self._types[index]

    def _export(self, name: str, kind: int, index: int) -> Export:
        if kind not in _KINDS:
            raise MalformedError("an export of unknown kind", f"{kind} for {name!r}")
        if kind != 0:
            return Export(name=name, kind=_KINDS[kind], type=None)
        if index >= len(self._signatures):
            raise MalformedError(f"the export {name!r} is function {index}, which does not exist")
        return Export(name=name, kind="function", type=self._type_at(self._signatures[index]))

    def _count(self, what: str, most: int) -> int:
        count = self._u32()
        if count > most:
            raise MalformedError(f"{count} {what}, at most {most} are allowed")
        if count > self._end - self._at:
            raise MalformedError(
                "the module is cut off", f"{count} {what} announced at byte {self._at}"
            )
        return count

    def _name(self) -> str:
        length = self._u32()
        if length > self._end - self._at:
            raise MalformedError("the module is cut off", f"a name at byte {self._at}")
        raw = self._data[self._at : self._at + length]
        self._at += length
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise MalformedError(
                "a name that is not UTF-8", f"at byte {self._at - length}"
            ) from None

    def _byte(self) -> int:
        if self._at >= self._end:
            raise MalformedError("the module is cut off", f"it ends at byte {self._at}")
        value = self._data[self._at]
        self._at += 1
        return value

    def _u32(self) -> int:
        value = 0
        for shift in (0, 7, 14, 21, 28):
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >= 1 << 32:
                    break
                return value
        raise MalformedError("a number of more than 32 bits", f"at byte {self._at - 1}")
