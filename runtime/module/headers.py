"""Headers of a WebAssembly module as values: types, imports, exports, and the places of bodies."""

from typing import Final, NamedTuple

from msgspec import Struct, field


class FunctionType(Struct, frozen=True, kw_only=True):
    parameters: tuple[str, ...]
    results: tuple[str, ...]

    def __str__(self) -> str:
        results = ", ".join(self.results) or "nothing"
        return f"({', '.join(self.parameters)}) -> {results}"


class Import(Struct, frozen=True, kw_only=True):
    """`type` is None unless it is a function."""

    module: str
    name: str
    kind: str
    type: FunctionType | None


class Export(Struct, frozen=True, kw_only=True):
    """`type` is None unless it is a function."""

    name: str
    kind: str
    type: FunctionType | None


class Section(NamedTuple):
    """The entries of a section, by their place in the module, and how many it declares."""

    start: int
    end: int
    entries: int


NOTHING: Final = Section(0, 0, 0)


class Reading(Struct, kw_only=True):
    """memories: (initial pages, maximum if one is declared) of each. tables: initial elements.
    custom: payload by name."""

    imports: list[Import] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    memories: list[tuple[int, int | None]] = field(default_factory=list)
    tables: list[int] = field(default_factory=list)
    custom: dict[str, bytes] = field(default_factory=dict)
    functions: int = 0
    locals_total: int = 0
    types: list[FunctionType] = field(default_factory=list)
    signatures: list[int] = field(default_factory=list)
    """The type of each function, imported ones first."""
    bodies: list["Body"] = field(default_factory=list)
    globals: Section = NOTHING
    elements: Section = NOTHING
    segments: int = 0


class Body(NamedTuple):
    """The instructions of a function, by their place in the module. locals: those declared."""

    start: int
    end: int
    locals: int
