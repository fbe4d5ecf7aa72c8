"""CCL values as JSON, by their types, for command lines and their output.

A *wire value* is what DAG-CBOR holds (None, bool, int, str, bytes, list, dict); the types come
as text from `ccl:abi`. In JSON a Decimal is a string, an enum `"V"` or `{"V": x}`, None null, a
Result `{"Ok": v}` or `{"Err": e}`, a Timestamp RFC 3339 (outside of the years 1 to 9999 a text
that says so), a Duration seconds, and a Map with text keys an object, any other Map a list of
pairs. A Duration is also read from text such as `3d`.
"""

import json
import re
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from ccl.abi.sections import Abi
from ccl.abi.text.strict_json import JsonFault, read_json
from ccl.abi.text.times import shown_time

INTEGER_MIN: Final = -(1 << 63)
INTEGER_MAX: Final = (1 << 63) - 1

SHOWN_CHARS_MAX: Final = 60
TYPE_DEPTH_MAX: Final = 256

_INTEGERS: Final = frozenset({"Integer", "Mana", "Duration", "Job"})
_TEXTS: Final = frozenset({"String", "Did", "Cid"})
_TYPE_TOKEN: Final = re.compile(r"[\w.]+|[<>,]")
_DURATION: Final = re.compile(r"([0-9]{1,19})([smhdw])")
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]{1,6})?")


class ValueMismatch(ValueError):
    """A value that does not have the type. `path` says where inside it (`[2].votes`)."""

    def __init__(self, path: str, expected: str, found: str) -> None:
        where = f" at {path}" if path else ""
        super().__init__(f"expected {expected}{where}, found {found}")
        self.path = path
        self.expected = expected
        self.found = found


class OutOfRange(ValueMismatch):
    """A number of the type `kind` that is not within 64 bits."""

    def __init__(self, path: str, kind: "TypeRef", found: str) -> None:
        super().__init__(path, f"{kind} of 64 bits", found)
        self.kind = kind


class WrongPayload(ValueMismatch):
    """A variant of the enum `kind` with a payload of other types."""

    def __init__(
        self, path: str, expected: str, found: str, *, kind: "TypeRef", variant: str
    ) -> None:
        super().__init__(path, expected, found)
        self.kind = kind
        self.variant = variant


class TypeRef(Struct, frozen=True):
    """A type as written: `Map<String, Integer>` has two arguments."""

    name: str
    arguments: tuple["TypeRef", ...] = ()

    def __str__(self) -> str:
        inside = ", ".join(map(str, self.arguments))
        return f"{self.name}<{inside}>" if inside else self.name


def parse_type(text: str) -> TypeRef:
    """Parses a type, maybe of a foreign module, in one pass. Raises ValueError if malformed."""
    tokens = _TYPE_TOKEN.findall(text)
    if "".join(tokens) == text.replace(" ", ""):
        kind, end = _type_from(tokens, 0, TYPE_DEPTH_MAX)
        if kind is not None and end == len(tokens):
            return kind
    raise ValueError(f"not a type: {_cut(repr(text))}")


def _type_from(tokens: list[str], at: int, depth_left: int) -> tuple[TypeRef | None, int]:
    """Parses the type at a token, None if there is none; returns it with its end."""
    if at >= len(tokens) or tokens[at] in "<>," or not depth_left:
        return None, at
    name, at = tokens[at], at + 1
    if at >= len(tokens) or tokens[at] != "<":
        return TypeRef(name), at
    arguments = []
    while at < len(tokens) and tokens[at] in "<,":
        argument, at = _type_from(tokens, at + 1, depth_left - 1)
        if argument is None:
            return None, at
        arguments.append(argument)
    if at >= len(tokens) or tokens[at] != ">":
        return None, at
    return TypeRef(name, tuple(arguments)), at + 1


def from_argument(kind: TypeRef, text: str, abi: Abi) -> Any:
    """Reads a wire value from a word of a command line. Raises ValueMismatch.

    Text types take the word as it is; every other type is read as JSON.
    """
    declared = _is_declared(kind, abi)
    if not declared and (kind.name in _TEXTS or kind.name in ("Timestamp", "Decimal")):
        return from_json(kind, text, abi)
    if not declared and kind.name == "Duration" and _DURATION.fullmatch(text):
        return from_json(kind, text, abi)
    if str(kind) in abi.enums and not text.startswith(("{", '"')):
        return from_json(kind, text, abi)
    try:
        value = read_json(text)
    except json.JSONDecodeError:
        raise ValueMismatch("", str(kind), _cut(repr(text))) from None
    except JsonFault as fault:
        raise ValueMismatch(fault.place or "", fault.expected, fault.found) from None
    return from_json(kind, value, abi)


def from_json(kind: TypeRef, value: Any, abi: Abi, path: str = "") -> Any:
    """Reads a wire value from JSON. Raises ValueMismatch with the place."""
    if _is_declared(kind, abi):
        return _walk(kind, value, abi, path, from_json)
    if kind.name == "Timestamp" and isinstance(value, str):
        return _seconds(value, path)
    if kind.name == "Duration" and isinstance(value, str):
        written = _DURATION.fullmatch(value)
        if written is not None:
            value = int(written[1]) * _UNIT_SECONDS[written[2]]
    if kind.name == "Decimal" and isinstance(value, int | float) and not isinstance(value, bool):
        return from_json(kind, str(value), abi, path)
    if kind.name == "Map" and isinstance(value, dict) and kind.arguments[0].name in _TEXTS:
        value = [[key, item] for key, item in value.items()]
    if kind.name == "Data":
        return _data(value, path)
    return _walk(kind, value, abi, path, from_json)


def to_json(kind: TypeRef, value: Any, abi: Abi, path: str = "") -> Any:
    """Writes a wire value as JSON. Raises ValueMismatch if it does not have the type."""
    if _is_declared(kind, abi):
        return _walk(kind, value, abi, path, to_json)
    if kind.name == "Data":
        return untyped_to_json(value)
    shown = _walk(kind, value, abi, path, to_json)
    if kind.name == "Timestamp":
        return shown_time(value)
    if kind.name == "Map" and kind.arguments[0].name in _TEXTS:
        return dict(shown)
    return shown


def check_wire(kind: TypeRef, value: Any, abi: Abi, path: str = "") -> Any:
    """Raises ValueMismatch if compiled code would not accept a wire value as an argument.

    Whether a Did or Cid refers to anything is for the program to check.
    """
    if _is_declared(kind, abi):
        return _walk(kind, value, abi, path, check_wire)
    if kind.name == "Data":
        return value
    if kind.name == "Map":
        if isinstance(value, dict) and kind.arguments[0].name == "String":
            value = [[key, item] for key, item in value.items()]
        pairs = _walk(kind, value, abi, path, check_wire)
        if len({repr(key) for key, _ in pairs}) < len(pairs):
            raise ValueMismatch(path, "each key once", _shown(value))
        return pairs
    found = _walk(kind, value, abi, path, check_wire)
    if kind.name == "Decimal" and not (found.isascii() and _is_narrow(_millionths(found))):
        raise OutOfRange(path, kind, _shown(value))
    return found


def _is_narrow(number: int) -> bool:
    return INTEGER_MIN <= number <= INTEGER_MAX


def _millionths(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(6, "0"))


def untyped_to_json(value: Any) -> Any:
    """Writes a wire value of no known type as JSON: bytes as hexadecimal, links as their text."""
    if isinstance(value, dict):
        return {key: untyped_to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [untyped_to_json(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)


def _is_declared(kind: TypeRef, abi: Abi) -> bool:
    """Returns whether the program declares the type: its `Result` is not the language's."""
    return str(kind) in abi.structs or str(kind) in abi.enums


def _walk(kind: TypeRef, value: Any, abi: Abi, path: str, inner: Any) -> Any:
    """Checks `value` against `kind`; parts go through `inner`."""
    arguments = kind.arguments
    if str(kind) in abi.structs:
        return _struct(kind, value, abi, path, inner)
    if str(kind) in abi.enums:
        variants = tuple(
            (variant, tuple(map(parse_type, payload))) for variant, payload in abi.enums[str(kind)]
        )
        return _variant(kind, value, variants, abi, path, inner)
    match kind.name:
        case "Array":
            if not isinstance(value, list):
                raise ValueMismatch(path, str(kind), _shown(value))
            return [inner(arguments[0], item, abi, f"{path}[{i}]") for i, item in enumerate(value)]
        case "Map":
            return _pairs(kind, value, abi, path, inner)
        case "Option":
            return _option(kind, value, abi, path, inner)
        case "Result":
            variants = (("Ok", arguments[:1]), ("Err", arguments[1:]))
            return _variant(kind, value, variants, abi, path, inner)
        case _:
            return _scalar(kind, value, path)


def _scalar(kind: TypeRef, value: Any, path: str) -> Any:
    """Checks a value of a type without parts."""
    name = kind.name

    def wrong(expected: str = str(kind)) -> ValueMismatch:
        return ValueMismatch(path, expected, _shown(value))

    if name == "Unit":
        if value is not None:
            raise wrong("nothing")
        return None
    if name in _INTEGERS or name in ("Timestamp", "Token"):
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong()
        if not INTEGER_MIN <= value <= INTEGER_MAX:
            raise OutOfRange(path, kind, _shown(value))
        return value
    if name == "Bool":
        if not isinstance(value, bool):
            raise wrong()
        return value
    if name in _TEXTS:
        if not isinstance(value, str):
            raise wrong()
        return value
    if name == "Decimal":
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
            raise wrong("Decimal with at most six places")
        return value
    raise ValueMismatch(path, "a type that ccl:abi describes", str(kind))


def _pairs(kind: TypeRef, value: Any, abi: Abi, path: str, inner: Any) -> Any:
    """Checks a Map: a list of pairs."""
    if not isinstance(value, list) or any(
        not isinstance(pair, list) or len(pair) != 2 for pair in value
    ):
        raise ValueMismatch(path, str(kind), _shown(value))
    return [
        [
            inner(kind.arguments[0], k, abi, f"{path}.key"),
            inner(kind.arguments[1], v, abi, f"{path}[{k!r}]"),
        ]
        for k, v in value
    ]


def _option(kind: TypeRef, value: Any, abi: Abi, path: str, inner: Any) -> Any:
    """Checks an Option: None, or the value; inside another Option a list of one."""
    if value is None:
        return None
    argument = kind.arguments[0]
    if argument.name != "Option":
        return inner(argument, value, abi, path)
    if not isinstance(value, list) or len(value) != 1:
        raise ValueMismatch(path, str(kind), _shown(value))
    return [inner(argument, value[0], abi, path)]


def _struct(kind: TypeRef, value: Any, abi: Abi, path: str, inner: Any) -> Any:
    fields = abi.structs[str(kind)]
    if not isinstance(value, dict):
        raise ValueMismatch(path, str(kind), _shown(value))
    unknown = sorted(set(value) - {name for name, _ in fields})
    if unknown:
        raise ValueMismatch(path, str(kind), f"an unknown field '{unknown[0]}'")
    shown = {}
    for name, text in fields:
        if name not in value:
            raise ValueMismatch(path, str(kind), f"no field '{name}'")
        shown[name] = inner(parse_type(text), value[name], abi, f"{path}.{name}".lstrip("."))
    return shown


def _variant(
    kind: TypeRef,
    value: Any,
    variants: tuple[tuple[str, tuple[TypeRef, ...]], ...],
    abi: Abi,
    path: str,
    inner: Any,
) -> Any:
    payloads = dict(variants)
    if isinstance(value, str) and payloads.get(value) == ():
        return value
    if isinstance(value, dict) and len(value) == 1:
        name, content = next(iter(value.items()))
        payload = payloads.get(name, ())
        if len(payload) == 1:
            return {name: inner(payload[0], content, abi, f"{path}.{name}".lstrip("."))}
        if len(payload) > 1 and isinstance(content, list) and len(content) == len(payload):
            return {
                name: [
                    inner(part, item, abi, f"{path}.{name}[{i}]".lstrip("."))
                    for i, (part, item) in enumerate(zip(payload, content, strict=True))
                ]
            }
    names = ", ".join(name for name, _ in variants)
    expected, found = f"{kind} ({names})", _shown(value)
    given = value if isinstance(value, str) else None
    if isinstance(value, dict) and len(value) == 1:
        given = next(iter(value))
    if given in payloads:
        raise WrongPayload(path, expected, found, kind=kind, variant=given)
    raise ValueMismatch(path, expected, found)


def _data(value: Any, path: str) -> Any:
    if isinstance(value, float):
        raise ValueMismatch(path, "an integer or a decimal as text", repr(value))
    if isinstance(value, dict):
        return {key: _data(item, f"{path}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, list):
        return [_data(item, f"{path}[{i}]") for i, item in enumerate(value)]
    return value


def _seconds(text: str, path: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueMismatch(path, "Timestamp such as 2026-01-15T10:30:00Z", repr(text)) from None
    if moment.tzinfo is None:
        raise ValueMismatch(path, "Timestamp with its zone (Z for UTC)", repr(text))
    return int(moment.timestamp())


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 3] + "…"
