"""Reference pages from tables of the compiler: the schemas of the charter, the prelude."""

from collections.abc import Iterable, Mapping
from typing import Final

from ccl.ir.types import Prim
from ccl.prelude.functions import (
    CONSTANTS,
    FUNCTIONS,
    HOST_RECORDS,
    METHODS,
    RESOURCE_TYPE_VARIANTS,
    SPECIAL_FORMS,
    TEST_FORMS,
    PreludeFunction,
)
from ccl.prelude.library_index import FUNCTIONS as LIBRARY_FUNCTIONS
from ccl.prelude.library_index import METHODS as LIBRARY_METHODS
from ccl.prelude.library_index import TYPES as LIBRARY_TYPES
from ccl.prelude.schemas import QUORUM, QUORUM_SHARE, SCHEMAS, Field, Kind

_UNBOUNDED: Final = Field(kind=Kind.COUNT).high

_SCHEMA_INTRODUCTION: Final = """\
The mesh reads these sections: their values are checked when the program is compiled, and
[`submit_job`](language/entries.md#jobs) takes from them the arguments that a call omits. A misspelt
key is an error, an unknown key a warning; sections of other names are not checked. The
[chapter on declarations](language/declarations.md#schemas) has examples.

A number without a unit is in MiB for a size, and in seconds for a duration. Two keys that fill in
the same argument are synonyms: if both are given, their values must be equal. A key that fills in
nothing is checked and kept in the charter for its readers. `federation_quorum` is a share of the
verifiers and fills in the quorum: that many, rounded up (0.67 of 5 is 4). Verifiers without a
quorum have their smallest majority as one.
"""

_PRELUDE_INTRODUCTION: Final = """\
The names of every program without an import. A declaration of the program shadows a name
silently. `T`, `K` and `V` are any type; `NUMBER` is Integer, Decimal, Mana, Duration or
tokens (for `min` and `max` Timestamp as well), all of a call of one kind.
"""


def schema_page(generated: str) -> str:
    """Renders every section of `ccl.prelude.schemas` with its keys."""
    out = ["# Schemas of the charter\n", generated, _SCHEMA_INTRODUCTION]
    for section, fields in SCHEMAS.items():
        out += [f"## {section}\n", "| Key | Value | Fills in |", "|---|---|---|"]
        out += [f"| `{key}` | {_value(field)} | {_fed(field)} |" for key, field in fields.items()]
        out.append("")
    return "\n".join(out)


def _value(field: Field) -> str:
    if field.choices:
        return ", ".join(f'`"{choice}"`' for choice in field.choices)
    low, high = field.low, field.high
    if field.kind is Kind.SHARE:
        return f"{field.kind.value}, more than 0 and at most 1"
    if field.bytes_max < _UNBOUNDED:
        return f"{field.kind.value} of at most {field.bytes_max} bytes"
    if high < _UNBOUNDED:
        return f"{field.kind.value}, {low} to {high}"
    return f"{field.kind.value}, at least {low}" if low else field.kind.value


def _fed(field: Field) -> str:
    feeds = QUORUM if field.feeds == QUORUM_SHARE else field.feeds
    return "" if feeds is None else f"`{feeds}`"


def prelude_page(generated: str) -> str:
    """Renders every function, method, constant and type that needs no import."""
    methods: dict[str, list[str]] = {}
    for (receiver, method), name in METHODS.items():
        methods.setdefault(name, []).append(f"`{_receiver(receiver)}.{method}`")
    aliases: dict[str, list[str]] = {}
    for alias, row in FUNCTIONS.items():
        if alias != row.name:
            aliases.setdefault(row.name, []).append(f"`{alias}`")
    rows = [row for name, row in FUNCTIONS.items() if name == row.name]
    return "\n".join(
        [
            "# The prelude\n",
            generated,
            _PRELUDE_INTRODUCTION,
            "## Functions\n",
            "Descriptions: [collections](language/collections.md), "
            "[numbers](language/types.md#numbers-by-function), "
            "[the host](language/entries.md#the-host).\n",
            "| Function | As a method | Also called |",
            "|---|---|---|",
            *(
                f"| `{_signature(row)}` | {_listed(methods.get(row.name, ()))} "
                f"| {_listed(aliases.get(row.name, ()))} |"
                for row in rows
            ),
            "",
            "## Calls with rules of their own\n",
            "They take arguments of several kinds, or are checked while compiling: "
            "[conversions](language/types.md#conversions), [jobs](language/entries.md#jobs), "
            "[the host](language/entries.md#the-host), "
            "[failures](language/code.md#absence-and-failure), "
            "[roles](language/contracts.md#roles).\n",
            _listed(f"`{name}`" for name in SPECIAL_FORMS) + "\n",
            "[In tests](language/testing.md) only:\n",
            _listed(f"`{name}`" for name in TEST_FORMS) + "\n",
            "## Functions of the library\n",
            "Available everywhere, and loaded on use. A method is also a function: "
            "`xs.map(f)` is `map(xs, f)`. [The library](library.md) describes them.\n",
            "| File | Functions | Methods |",
            "|---|---|---|",
            *_library_rows(),
            "",
            "## Constants, types and records\n",
            "| Name | Is |",
            "|---|---|",
            *(f"| `{name}` | an Integer, {value} |" for name, value in CONSTANTS.items()),
            *(
                f'| `ResourceType.{name}` | `"{resource}"` |'
                for name, resource in RESOURCE_TYPE_VARIANTS.items()
            ),
            *(
                f"| `{name}` | an enum of {_file_link(file)} |"
                for name, file in LIBRARY_TYPES.items()
            ),
            *(f"| `{name}` | a record of the host, Data |" for name in HOST_RECORDS),
            "",
        ]
    )


def _signature(row: PreludeFunction) -> str:
    parameters = ", ".join(f"{name}: {kind}" for name, kind in row.parameters)
    result = "" if row.result is Prim.UNIT else f" -> {row.result}"
    return f"{row.name}({parameters}){result}"


def _library_rows() -> Iterable[str]:
    functions = _by_file((name, f.file) for name, found in LIBRARY_FUNCTIONS.items() for f in found)
    methods = _by_file(
        (f"{_receiver(receiver)}.{method}", found.file)
        for (receiver, method), found in LIBRARY_METHODS.items()
    )
    for file in sorted({*functions, *methods}):
        yield (
            f"| {_file_link(file)} | {_listed(functions.get(file, ()))} "
            f"| {_listed(methods.get(file, ()))} |"
        )


def _by_file(names: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for name, file in names:
        found.setdefault(file, {})[f"`{name}`"] = None
    return {file: tuple(each) for file, each in found.items()}


def _file_link(file: str) -> str:
    return f"[{file}](library.md#{file.replace('/', '-')})"


def _receiver(kind: str) -> str:
    """Names a value of the kind before the dot of a method."""
    return kind.lower()


def _listed(names: Iterable[str]) -> str:
    return " ".join(names)
