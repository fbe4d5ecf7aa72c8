"""The worst-case units of a call, from the module's `ccl:bounds` and the arguments.

Rule: the bound is the module's claim; the fuel limit of an award is the units of its bid, so the
meter verifies it: a program that breaks its bound ends out of fuel, at its submitter's cost.
"""

import re
from typing import Any, Final

from ccl.abi.bounds import Formula, bounds_from_value
from ccl.abi.limits import MODULE_LIMITS
from ccl.abi.sections import ABI_SECTION, BOUNDS_SECTION, Abi, ExportSignature
from runtime.content.codec import INTEGER_MAX, CodecError, decode
from runtime.execution.metering import compute_units
from runtime.module.reader import MalformedError, read_module

_SYMBOL: Final = re.compile(r"len\((?P<length>.+)\)|\|(?P<size>.+)\|")
_MILLION: Final = 1_000_000


def bound_units(module: bytes, entry: str, arguments: bytes | None) -> int | None:
    """The units that calling an entry takes at most, at least 1; None where the module bounds it
    not. arguments: DAG-CBOR list."""
    try:
        sections = read_module(module, MODULE_LIMITS, custom=(ABI_SECTION, BOUNDS_SECTION)).custom
        abi = Abi.from_value(_decoded(sections[ABI_SECTION]))
        bound = bounds_from_value(_decoded(sections[BOUNDS_SECTION]))[entry]
        export = next(each for each in abi.exports if each.name == entry)
        values = [] if arguments is None else decode(arguments)
    except (MalformedError, CodecError, ValueError, KeyError, StopIteration):
        return None
    if not isinstance(bound, Formula) or not isinstance(values, list):
        return None
    fuel = _fuel(bound, export, values)
    return None if fuel is None or fuel > INTEGER_MAX else max(1, compute_units(fuel))


def _decoded(section: bytes) -> Any:
    return decode(section, bytes_max=MODULE_LIMITS.section_bytes)


def _fuel(bound: Formula, export: ExportSignature, values: list[Any]) -> int | None:
    if len(values) != len(export.parameters):
        return None
    given = {
        name: (kind, value) for (name, kind), value in zip(export.parameters, values, strict=True)
    }
    sizes: dict[str, int] = {}
    for symbol in bound.symbols():
        size = _size_of(symbol, given)
        if size is None:
            return None
        sizes[symbol] = size
    return bound.at(sizes)


def _size_of(symbol: str, given: dict[str, tuple[str, Any]]) -> int | None:
    """The value of a symbol of the formula: `len(xs)`, or `|n|`, of a Decimal in millionths."""
    found = _SYMBOL.fullmatch(symbol)
    if found is None:
        return None
    kind, value = given.get(found["length"] or found["size"], ("", None))
    if found["length"] is not None:
        return len(value) if isinstance(value, str | bytes | list | dict) else None
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int):
        return abs(value) * (_MILLION if kind == "Decimal" else 1)
    whole, _, fraction = value.lstrip("-").partition(".")
    if kind != "Decimal" or not (whole + fraction).isdecimal() or len(value) > 32:
        return None
    return int(whole or "0") * _MILLION + int(fraction.ljust(6, "0")[:6])
