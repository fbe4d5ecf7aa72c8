"""Values of the interpreter of typed trees, and their form at the boundary of a module."""

from dataclasses import dataclass
from typing import Any

from typed_numbers import Stopped, decimal_text

from ccl.ir import typed as t
from ccl.ir.types import Array, Enumeration, Map, Option, Prim, Result, Struct, Type


@dataclass
class Record:
    fields: list[Any]


@dataclass
class Tagged:
    tag: int
    payload: list[Any]


def copy_of(value: Any) -> Any:
    """The value with all its parts, none of them shared."""
    match value:
        case Record(fields=fields):
            return Record([copy_of(each) for each in fields])
        case Tagged(tag=tag, payload=payload):
            return Tagged(tag, [copy_of(each) for each in payload])
        case list():
            return [copy_of(each) for each in value]
        case dict():
            return {copy_of(key): copy_of(each) for key, each in value.items()}
        case _:
            return value


def element(container: Any, key: Any) -> Any:
    if isinstance(container, dict):
        if key not in container:
            raise Stopped("key not found")
        return container[key]
    if not 0 <= key < len(container):
        raise Stopped("index out of range")
    return container[key]


def plain(value: Any, kind: Type, program: t.Program) -> Any:
    """A value as the packed convention writes it."""
    match kind:
        case Struct(id=struct_id):
            fields = program.structs[struct_id].fields
            return {
                name: plain(part, part_type, program)
                for (name, part_type), part in zip(fields, value.fields, strict=True)
            }
        case Array(element=element):
            return [plain(each, element, program) for each in value]
        case Map(key=key, value=part_type):
            return [
                [plain(k, key, program), plain(v, part_type, program)] for k, v in value.items()
            ]
        case Option(value=inner):
            return None if value.tag == 0 else plain(value.payload[0], inner, program)
        case Result(ok=ok, err=err):
            name, inner = ("Ok", ok) if value.tag == 0 else ("Err", err)
            return {name: plain(value.payload[0], inner, program)}
        case Enumeration(id=enum_id):
            name, payload = program.enums[enum_id].variants[value.tag]
            parts = [
                plain(part, part_type, program)
                for part, part_type in zip(value.payload, payload, strict=True)
            ]
            return {name: parts[0] if len(parts) == 1 else parts} if parts else name
        case Prim.DECIMAL:
            return decimal_text(value)
        case _:
            return value
