"""The call that a job makes: its entry and arguments, checked by the types that its module has."""

import json
from typing import Any, Final

from msgspec import Struct

from ccl.abi.layout import ALLOCATE_EXPORT
from ccl.abi.sections import Abi, ExportSignature
from ccl.abi.text.strict_json import JsonFault, read_json
from ccl.abi.text.suggest import nearest_beginning
from ccl.abi.text.values import ValueMismatch, from_json, parse_type
from runtime.content.codec import CodecError, decode, encode
from runtime.module.check import ModuleFacts
from runtime.terminal.errors import CommandError, ExitCode

DEFAULT_ENTRY: Final = "run"
WASI_ENTRY: Final = "_start"
_JSON_NAMES: Final = {
    dict: "an object",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


class Place(Struct, frozen=True, kw_only=True):
    """Where a call is written, for errors. entry: how another one is named; arguments: the name
    of theirs; example: of arguments."""

    entry: str
    arguments: str
    example: str


BY_OPTIONS: Final = Place(
    entry="--entry NAME",
    arguments="--arguments",
    example="""give one JSON list, for example --arguments '[3, "blue"]'""",
)
BY_DOCUMENT: Final = Place(
    entry="`entry: NAME`",
    arguments="arguments",
    example="""write a list, for example `arguments: [3, "blue"]`""",
)


def entry_of(wanted: str, facts: ModuleFacts | None, place: Place) -> str:
    """The export to call; a WASI program's own where nothing else is asked for."""
    if facts is None or wanted in facts.entries:
        return wanted
    if wanted == DEFAULT_ENTRY and WASI_ENTRY in facts.entries:
        return WASI_ENTRY
    names = sorted(facts.entries.keys() - {ALLOCATE_EXPORT})
    close = nearest_beginning(wanted, names)
    meant = f"did you mean {close}? " if close else ""
    listed = ", ".join(names[:12]) or "no function at all"
    raise CommandError(
        ExitCode.NOT_FOUND,
        "no-entry",
        f"the module does not export '{wanted}'",
        hint=f"{meant}it exports {listed}; name one with {place.entry}",
        details={"exports": names[:256]},
    )


def arguments_of(
    text: str | None, entry: str, facts: ModuleFacts | None, place: Place
) -> bytes | None:
    """The DAG-CBOR list of the arguments, by the entry's types where the module has them."""
    signature, abi = _signature(entry, facts)
    if text is None:
        if signature is not None and signature.parameters:
            raise _bad_arguments(place, f"{entry} takes {_listed(signature)}")
        return None
    try:
        values = read_json(text)
    except json.JSONDecodeError as error:
        raise _bad_arguments(place, f"character {error.pos + 1}: {error.msg}") from None
    except JsonFault as error:
        raise _bad_arguments(place, str(error)) from None
    if not isinstance(values, list):
        raise _bad_arguments(place, f"expected a list, found {_JSON_NAMES[type(values)]}")
    if signature is not None and abi is not None:
        values = _typed(values, signature, abi, place)
    try:
        return encode(values)
    except CodecError as error:
        raise _bad_arguments(place, f"{error}; write a decimal as text") from None


def _typed(values: list[Any], signature: ExportSignature, abi: Abi, place: Place) -> list[Any]:
    wanted = signature.parameters
    if len(values) != len(wanted):
        takes = f"{len(values)} given, {signature.name} takes {_listed(signature)}"
        raise _bad_arguments(place, takes)
    found = []
    for value, (name, kind) in zip(values, wanted, strict=True):
        try:
            found.append(from_json(parse_type(kind), value, abi))
        except ValueMismatch as error:
            raise _bad_arguments(place, f"'{name}': {error}") from None
        except (ValueError, IndexError, RecursionError):
            reason = f"'{name}': its type in ccl:abi cannot be read"
            raise _bad_arguments(place, reason) from None
    return found


def _listed(signature: ExportSignature) -> str:
    listed = ", ".join(f"{name}: {kind}" for name, kind in signature.parameters)
    return f"({listed})" if listed else "none"


def _signature(entry: str, facts: ModuleFacts | None) -> tuple[ExportSignature | None, Abi | None]:
    if facts is None or facts.abi is None:
        return None, None
    abi = Abi.from_value(decode(facts.abi, bytes_max=len(facts.abi)))
    return next((each for each in abi.exports if each.name == entry), None), abi


def _bad_arguments(place: Place, reason: str) -> CommandError:
    return CommandError(
        ExitCode.USAGE, "wrong-arguments", f"{place.arguments}: {reason}", hint=place.example
    )
