"""The export `charter`: replays the declarations through the host, in their order.

Values are DAG-CBOR: texts, booleans, lists, and maps of inline objects; a plain number is an
integer, a number with a unit or with decimal places `{"unit": "%", "value": 50}`, where the
value is an integer or, with places, its text. A version is set as the property `version`.
"""

from typing import Any, assert_never

from ccl.abi.layout import CHARTER_EXPORT
from ccl.lowering.unit import Unit
from ccl.typed import (
    CharterBool,
    CharterList,
    CharterNode,
    CharterNumber,
    CharterObject,
    CharterProperty,
    CharterSection,
    CharterText,
    CharterValue,
    NumberUnit,
)
from ccl.wasm import model
from runtime.content.codec import encode

EXPORT = CHARTER_EXPORT


def replay(unit: Unit) -> model.Function | None:
    """The function behind the export, if anything is declared."""
    if not unit.program.charter:
        return None
    body: list[str] = []
    for node in unit.program.charter:
        _replay(unit, body, node)
    return model.Function(name="charter", parameters=(), result=None, locals=(), body=body)


def _replay(unit: Unit, body: list[str], node: CharterNode) -> None:
    match node:
        case CharterProperty(key=key, value=value):
            _call(unit, body, "host_set_property", key.encode(), encode(plain(value)))
        case CharterSection(key=key, value=value, version=version, entries=entries):
            label = None if value is None else plain(value)
            _call(unit, body, "host_begin_section", key.encode(), encode(label))
            if version is not None:
                _call(unit, body, "host_set_property", b"version", encode(version))
            for entry in entries:
                _replay(unit, body, entry)
            _call(unit, body, "host_end_section")
        case _:
            assert_never(node)


def _call(unit: Unit, body: list[str], name: str, *arguments: bytes) -> None:
    unit.called.add(name)
    for argument in arguments:
        body += [f"i32.const {unit.constants.block(argument)}", f"i32.const {len(argument)}"]
    body.append(f"call ${name}")


def plain(value: CharterValue) -> Any:
    """A charter value as the codec takes it."""
    match value:
        case CharterNumber(value=number, unit=unit):
            if unit is NumberUnit.PLAIN and isinstance(number, int):
                return number
            return {"unit": unit.value, "value": number}
        case CharterText(value=text):
            return text
        case CharterBool(value=flag):
            return flag
        case CharterList(items=items):
            return [plain(item) for item in items]
        case CharterObject(entries=entries):
            return {entry.key: _entry(entry) for entry in entries}
        case _:
            assert_never(value)


def _entry(node: CharterNode) -> Any:
    match node:
        case CharterProperty(value=value):
            return plain(value)
        case CharterSection(entries=entries):
            return {entry.key: _entry(entry) for entry in entries}
        case _:
            assert_never(node)
