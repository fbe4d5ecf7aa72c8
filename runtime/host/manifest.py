"""Fields of a job that a program submits: checked, and made an effect.

A check returns the effect, or a text for `host_last_refusal` that names the field, the error and
the right form.
"""

from collections.abc import Mapping
from typing import Any, Final

from ccl.abi.host_calls import (
    DESCRIPTION_BYTES_MAX,
    ENTRY_BYTES_MAX,
    METERED_RESOURCES,
    PRIORITIES,
    RESOURCE_TYPES,
    SCOPE_BYTES_MAX,
)
from ccl.abi.text.suggest import nearest_beginning
from runtime.content.cid import Cid, CidError, parse_cid
from runtime.content.codec import CodecError, encode
from runtime.execution.effects import SubmitJob
from runtime.host.fuel_meter import FuelMeter

REQUIRED_KEYS: Final = (
    "wasm_cid",
    "description",
    "resource_type",
    "resource_amount",
    "priority",
)
OPTIONAL_KEYS: Final = (
    "input",
    "entry",
    "arguments",
    "budget",
    "scope",
    "requirements",
    "trust",
    "max_seconds",
)
REQUIREMENT_KEYS: Final = (
    "memory_bytes",
    "cpu_cores",
    "storage_bytes",
    "features",
    "max_seconds",
)
TRUST_KEYS: Final = (
    "min_reputation",
    "locations",
    "required_credentials",
    "verifiers",
    "quorum",
)
_TEXT_LIST_KEYS: Final = frozenset({"features", "locations", "required_credentials"})
_NAME_CHARS_MAX: Final = 24
"""Longer than any valid name; further characters make none of them nearer."""


class RefusedError(Exception):
    """A refusal; the text is for the program. wrong: an invalid name."""

    def __init__(self, text: str, wrong: str = "", known: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self._wrong = wrong
        self._known = known

    def explained(self, meter: FuelMeter) -> str:
        """Gives the text, with the valid name that is nearest to the wrong one. Raises Stop."""
        if not self._known:
            return str(self)
        meter.charge(meter.price.suggestion)
        near = nearest_beginning(self._wrong[:_NAME_CHARS_MAX], self._known)
        return f"{self}; did you mean {near!r}?" if near else str(self)


def submission(fields: Mapping[str, Any], meter: FuelMeter) -> SubmitJob:
    """Checks the fields of a submission. Raises RefusedError."""
    _check_keys("the manifest", fields, (*REQUIRED_KEYS, *OPTIONAL_KEYS))
    for key in REQUIRED_KEYS:
        if key not in fields:
            raise RefusedError(f"{key}: missing")
    input_ = fields.get("input")
    return SubmitJob(
        wasm_cid=_cid("wasm_cid", fields["wasm_cid"]),
        description=_text("description", fields["description"], DESCRIPTION_BYTES_MAX),
        resource_type=resource_type(fields["resource_type"]),
        resource_amount=positive("resource_amount", fields["resource_amount"]),
        priority=_one_of("priority", fields["priority"], PRIORITIES),
        input=None if input_ is None else _cid("input", input_),
        entry=_optional_entry(fields.get("entry")),
        arguments=_arguments(fields.get("arguments"), meter),
        budget=_optional_positive("budget", fields.get("budget")),
        scope=_optional_scope(fields.get("scope")),
        requirements=_group("requirements", fields.get("requirements"), REQUIREMENT_KEYS),
        trust=_group("trust", fields.get("trust"), TRUST_KEYS),
        max_seconds=_optional_positive("max_seconds", fields.get("max_seconds")),
    )


def decoded(manifest: bytes, meter: FuelMeter) -> dict[str, Any]:
    """Reads the map in a manifest block. Raises RefusedError."""
    try:
        value = meter.decode(manifest)
    except CodecError as error:
        raise RefusedError(f"the manifest is not canonical DAG-CBOR: {error}") from None
    if not isinstance(value, dict):
        raise RefusedError("the manifest is not a map")
    return value


def resource_type(value: object) -> str:
    """Raises RefusedError unless it names a resource type."""
    return _one_of("resource_type", value, RESOURCE_TYPES)


def metered_resource(value: object) -> str:
    """Raises RefusedError unless it names a resource that is metered."""
    return _one_of("resource_type", value, METERED_RESOURCES)


def positive(key: str, value: object) -> int:
    """Raises RefusedError unless it is an integer above 0."""
    number = _integer(key, value)
    if number <= 0:
        raise RefusedError(f"{key}: {number} is not more than 0")
    return number


def _integer(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusedError(f"{key}: expected an integer, found {_kind(value)}")
    return value


def _optional_positive(key: str, value: object) -> int | None:
    return None if value is None else positive(key, value)


def _text(key: str, value: object, bytes_max: int) -> str:
    if not isinstance(value, str):
        raise RefusedError(f"{key}: expected text, found {_kind(value)}")
    size = len(value.encode("utf-8"))
    if size > bytes_max:
        raise RefusedError(f"{key}: {size} bytes, at most {bytes_max} are allowed")
    return value


def _optional_entry(value: object) -> str | None:
    if value is None:
        return None
    entry = _text("entry", value, ENTRY_BYTES_MAX)
    if not entry:
        raise RefusedError("entry: an empty name")
    return entry


def _optional_scope(value: object) -> str | None:
    return None if value is None else _text("scope", value, SCOPE_BYTES_MAX)


def _cid(key: str, value: object) -> Cid:
    if isinstance(value, Cid):
        return value
    if not isinstance(value, str):
        raise RefusedError(f"{key}: expected a CID, found {_kind(value)}")
    try:
        return parse_cid(value)
    except CidError as error:
        raise RefusedError(f"{key}: {_shown(value)} is not a CID: {error.reason}") from None


def _one_of(key: str, value: object, known: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise RefusedError(f"{key}: expected text, found {_kind(value)}")
    if value not in known:
        raise RefusedError(f"{key}: {_shown(value)} is not one of {', '.join(known)}", value, known)
    return value


def _arguments(value: object, meter: FuelMeter) -> bytes | None:
    """Reads a list of arguments, or the same already encoded."""
    if value is None:
        return None
    if isinstance(value, bytes):
        try:
            inner = meter.decode(value)
        except CodecError as error:
            raise RefusedError(f"arguments: not canonical DAG-CBOR: {error}") from None
    else:
        inner = value
    if not isinstance(inner, list):
        raise RefusedError(f"arguments: expected a list, found {_kind(inner)}")
    return encode(inner)


def _group(group: str, value: object, known: tuple[str, ...]) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RefusedError(f"{group}: expected a map, found {_kind(value)}")
    _check_keys(group, value, known)
    for key, entry in value.items():
        if key in _TEXT_LIST_KEYS:
            if not isinstance(entry, list) or not all(isinstance(item, str) for item in entry):
                raise RefusedError(f"{group}.{key}: expected a list of texts")
        elif _integer(f"{group}.{key}", entry) < 0:
            raise RefusedError(f"{group}.{key}: {entry} is below 0")
    return value


def _check_keys(place: str, fields: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in fields:
        if key not in known:
            raise RefusedError(f"{place} has no key {_shown(key)}", key, known)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "…")


def _kind(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "a truth value"
        case int():
            return "an integer"
        case str():
            return "text"
        case bytes():
            return "bytes"
        case list():
            return "a list"
        case dict():
            return "a map"
        case _:
            return "a link"
