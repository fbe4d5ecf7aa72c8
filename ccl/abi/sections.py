"""The custom sections of a CCL module: their contents, reading and writing.

Each is one canonical DAG-CBOR block (encoded by `runtime.content.codec`). Types are written
as text, as users write them (`Map<String, Integer>`).

- `ccl:abi`     exports with their CCL signatures, state variables, and the structs and enums
                that these name
- `ccl:sites`   trap sites: number, file, line, column, reason, article
- `ccl:bounds`  worst-case fuel of the exports (`ccl.abi.bounds`)
- `ccl:source`  CIDs of the sources, the compiler's version, and where in the sources calls are
- `ccl:packed`  modules that this one submits, by CID
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from ccl.abi.layout import CALL_DEPTH_MAX

WASM_MAGIC: Final = b"\0asm"
"""The first bytes of every WebAssembly module."""
ABI_SECTION: Final = "ccl:abi"
SITES_SECTION: Final = "ccl:sites"
BOUNDS_SECTION: Final = "ccl:bounds"
SOURCE_SECTION: Final = "ccl:source"
PACKED_SECTION: Final = "ccl:packed"
ABI_VERSION: Final = 2

ENTRY_ERR_REASON: Final = "the entry returned Err"
"""The reason of the site that an export traps at when its value is `Err`; the text is in the
detail globals. The runtime reports this trap as a failure of the program, not as a fault in it."""

LIMIT_REASONS: Final = frozenset({"out of memory", f"call depth over {CALL_DEPTH_MAX}"})
"""Reasons of sites that say a bound of the execution was passed, not that a check failed."""

Convention = Literal["direct", "packed"]


class ExportSignature(Struct, frozen=True, kw_only=True):
    """`direct`: every parameter and the result is a scalar and crosses as a WebAssembly value.

    `packed`: `(ptr i32, len i32) -> i64`; the arguments are one DAG-CBOR list, the result is
    the DAG-CBOR value at `result >> 32`, `result & 0xffffffff` bytes long.
    A result of type Unit is no value (direct) or null (packed).
    """

    name: str
    convention: Convention
    parameters: tuple[tuple[str, str], ...]
    """(name, type as text)"""
    result: str
    doc: str | None


class StateVariable(Struct, frozen=True, kw_only=True):
    """A variable that the host keeps under `home` and `name`, stored with this shape.

    The shape is the type with its structs and enums spelled out.
    """

    home: str
    name: str
    type: str
    shape: str


class Article(Struct, frozen=True, kw_only=True):
    """An article of the charter: its place, and the places that cite it (`file:line:column`)."""

    number: str
    place: str
    cited: tuple[str, ...]


class Abi(Struct, frozen=True, kw_only=True):
    exports: tuple[ExportSignature, ...]
    structs: Mapping[str, tuple[tuple[str, str], ...]]
    """fields (name, type) by struct name"""
    enums: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
    """variants (name, payload types) by enum name"""
    states: tuple[StateVariable, ...] = ()
    articles: tuple[Article, ...] = ()

    def to_value(self) -> dict[str, Any]:
        return {
            "version": ABI_VERSION,
            "exports": [
                {
                    "name": e.name,
                    "convention": e.convention,
                    "parameters": [[name, kind] for name, kind in e.parameters],
                    "result": e.result,
                    "doc": e.doc,
                }
                for e in self.exports
            ],
            "states": [[s.home, s.name, s.type, s.shape] for s in self.states],
            "articles": [[a.number, a.place, list(a.cited)] for a in self.articles],
            "structs": {n: [[f, t] for f, t in fields] for n, fields in self.structs.items()},
            "enums": {
                n: [[v, list(payload)] for v, payload in variants]
                for n, variants in self.enums.items()
            },
        }

    @staticmethod
    def from_value(value: Any) -> "Abi":
        """Reads the output of `to_value`. Raises ValueError for any other shape."""
        try:
            if value["version"] != ABI_VERSION:
                raise ValueError(f"ccl:abi version {value['version']!r}, expected {ABI_VERSION}")
            return Abi(
                exports=tuple(
                    ExportSignature(
                        name=_text(e["name"]),
                        convention=_convention(e["convention"]),
                        parameters=tuple((_text(n), _text(t)) for n, t in e["parameters"]),
                        result=_text(e["result"]),
                        doc=None if e["doc"] is None else _text(e["doc"]),
                    )
                    for e in value["exports"]
                ),
                states=tuple(
                    StateVariable(
                        home=_text(home), name=_text(name), type=_text(kind), shape=_text(shape)
                    )
                    for home, name, kind, shape in value["states"]
                ),
                articles=tuple(
                    Article(
                        number=_text(number), place=_text(place), cited=tuple(map(_text, cited))
                    )
                    for number, place, cited in value["articles"]
                ),
                structs={
                    _text(n): tuple((_text(f), _text(t)) for f, t in fields)
                    for n, fields in value["structs"].items()
                },
                enums={
                    _text(n): tuple((_text(v), tuple(map(_text, p))) for v, p in variants)
                    for n, variants in value["enums"].items()
                },
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"malformed ccl:abi section: {error}") from None


class Site(Struct, frozen=True, kw_only=True):
    """Place and reason of a trap; site numbers count from 1 in the order of the list."""

    file: str
    line: int
    column: int
    end_column: int
    reason: str
    article: str | None


def sites_to_value(sites: tuple[Site, ...]) -> list[list[Any]]:
    return [[s.file, s.line, s.column, s.end_column, s.reason, s.article] for s in sites]


def sites_from_value(value: Any) -> tuple[Site, ...]:
    """Reads the output of `sites_to_value`. Raises ValueError for any other shape."""
    try:
        return tuple(
            Site(
                file=_text(file),
                line=int(line),
                column=int(column),
                end_column=int(end),
                reason=_text(reason),
                article=None if article is None else _text(article),
            )
            for file, line, column, end, reason, article in value
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"malformed ccl:sites section: {error}") from None


class CallSite(Struct, frozen=True, kw_only=True):
    """The place of a call in the source: the `ordinal`-th `call` instruction, from 0, of the
    module's `body`-th function body.

    The engine names a frame of the stack by such an instruction.
    """

    body: int
    ordinal: int
    file: str
    line: int
    column: int
    end_column: int


CALLS_KEY: Final = "calls"
"""In `ccl:source`, which has it only where the program calls functions."""


def calls_to_value(calls: Iterable[CallSite]) -> dict[str, Any]:
    """Writes each file once, since there are many calls."""
    files: dict[str, int] = {}
    rows = [
        [c.body, c.ordinal, files.setdefault(c.file, len(files)), c.line, c.column, c.end_column]
        for c in calls
    ]
    return {"files": list(files), "at": rows}


def calls_from_value(value: Any) -> tuple[CallSite, ...]:
    """Reads the output of `calls_to_value`. Raises ValueError for any other shape."""
    try:
        files = [_text(file) for file in value["files"]]
        return tuple(
            CallSite(
                body=int(body),
                ordinal=int(ordinal),
                file=files[file],
                line=int(line),
                column=int(column),
                end_column=int(end),
            )
            for body, ordinal, file, line, column, end in value["at"]
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"malformed calls in ccl:source: {error}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    return value


def _convention(value: Any) -> Convention:
    if value == "direct" or value == "packed":
        return "direct" if value == "direct" else "packed"
    raise ValueError(f"unknown convention {value!r}")
