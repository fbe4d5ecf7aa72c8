"""Arguments of an entry, from the words of a command line.

The error of a word of the wrong type shows how a value of the type is written.
"""

import json
import os
from collections.abc import Callable, Sequence
from shlex import quote
from typing import Any, Final

from ccl.abi.sections import Abi, ExportSignature
from ccl.abi.text.values import (
    INTEGER_MAX,
    INTEGER_MIN,
    OutOfRange,
    TypeRef,
    ValueMismatch,
    WrongPayload,
    check_wire,
    from_argument,
    parse_type,
)
from ccl.cli.running.inputs.identifiers import check_identifiers
from runtime.content.codec import CodecError, encode
from runtime.terminal.errors import CommandError, ExitCode

_EXAMPLES: Final[dict[str, Any]] = {
    "Integer": 5,
    "Mana": 5,
    "Job": 0,
    "Token": 0,
    "Duration": "3d",
    "Bool": True,
    "String": "text",
    "Decimal": "2.5",
    "Timestamp": "2026-01-15T10:30:00Z",
    "Did": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    "Cid": "bafkr4ihkr4ld3m4gqkjf4reryxsy2s5tkbxprqkow6fin2iiyvreuzzab4",
    "Data": {"key": "value"},
}
_FORMS: Final = {
    "Integer": "digits",
    "Mana": "digits",
    "Duration": "digits with s, m, h, d or w",
    "Bool": "true or false",
    "Decimal": "digits with a point and at most six places",
    "Timestamp": "RFC 3339 with its zone",
}
_DECIMAL_RANGE: Final = ("-9223372036854.775808", "9223372036854.775807")
_NESTED_MAX: Final = 4


def argument_block(
    signature: ExportSignature, words: Sequence[str], abi: Abi, path: str
) -> bytes | None:
    """Encodes the argument list as DAG-CBOR, None if the entry takes none. Raises CommandError."""
    expected = ", ".join(f"{name}: {kind}" for name, kind in signature.parameters)
    if len(words) != len(signature.parameters):
        count = len(signature.parameters)
        raise CommandError(
            ExitCode.USAGE,
            "wrong-arguments",
            f"{path}: '{signature.name}' takes {count} argument{'' if count == 1 else 's'}, "
            f"{len(words)} given",
            hint=_instead(signature, words) or f"its parameters are ({expected})",
        )
    if not words:
        return None
    values = []
    for (name, text), word in zip(signature.parameters, words, strict=True):
        kind = parse_type(text)
        try:
            values.append(from_argument(kind, word, abi))
            check_wire(kind, values[-1], abi)
            encode(values[-1])
            check_identifiers(kind, values[-1], abi)
        except (ValueMismatch, CodecError) as error:
            raise CommandError(
                ExitCode.USAGE,
                "wrong-arguments",
                f"{path}: argument '{name}' of '{signature.name}': {_reason(error, abi)}",
                hint=_remedy(error, kind, abi),
                details={"argument": name},
            ) from None
    return encode(values)


def _instead(signature: ExportSignature, words: Sequence[str]) -> str | None:
    """Suggests the input option for a file that is given to an entry without arguments."""
    if not signature.parameters and len(words) == 1 and os.path.isfile(words[0]):  # noqa: PTH113
        return f"call it without arguments; to have it read the file: --input {quote(words[0])}"
    return None if signature.parameters else "call it without arguments"


def _reason(error: ValueMismatch | CodecError, abi: Abi) -> str:
    if not isinstance(error, WrongPayload):
        return str(error)
    variant, carried = error.variant, _payload(error, abi)
    where = f" at {error.path}" if error.path else ""
    if not carried:
        return f"{variant} of {error.kind} carries no value, found {error.found}{where}"
    values = f"a value of type {carried[0]}" if len(carried) == 1 else f"({', '.join(carried)})"
    return f"{variant} of {error.kind} carries {values}, found {error.found}{where}"


def _remedy(error: ValueMismatch | CodecError, kind: TypeRef, abi: Abi) -> str:
    """Suggests the next step: for a whole argument the form of its type, else that of the part."""
    match error:
        case OutOfRange(kind=number):
            low, high = _DECIMAL_RANGE if number.name == "Decimal" else (INTEGER_MIN, INTEGER_MAX)
            return f"{number} is from {low} to {high}"
        case WrongPayload(kind=enum, variant=variant):
            payload = _payload(error, abi)
            value = _variant(variant, payload, lambda part: example(part, abi, 1))
            if not payload and str(enum) == str(kind):
                return f"write it as {variant}"
            text = json.dumps(value, ensure_ascii=False)
            # (a part of an argument is inside of quotes already)
            text = text if error.path else quote(text)
            return f"write it as {text}"
        case _:
            return writing_hint(kind, abi)


def _payload(error: WrongPayload, abi: Abi) -> tuple[str, ...]:
    """Lists the types of the payload of a variant."""
    enum = error.kind
    if str(enum) in abi.enums:
        return dict(abi.enums[str(enum)])[error.variant]
    return (str(enum.arguments[("Ok", "Err").index(error.variant)]),)


def writing_hint(kind: TypeRef, abi: Abi) -> str:
    """Shows how a value is written: `write P as JSON, for instance '{"a": 5}'`, quoted for a
    shell."""
    value = example(kind, abi)
    # (an Option is read as JSON, whatever its content)
    is_word = isinstance(value, str) and kind.name != "Option"
    shown = quote(value if is_word else json.dumps(value, ensure_ascii=False))
    form = _FORMS.get(kind.name)
    if str(kind) in abi.enums:
        variants = ", ".join(name for name, _ in abi.enums[str(kind)])
        form = f"one of {variants}"
    if form is None:
        form = "it is" if is_word else "JSON"
    return f"write {kind} as {form}, for instance {shown}"


def example(kind: TypeRef, abi: Abi, depth: int = 0) -> Any:
    """Gives a value of the type as JSON; None where types are nested too deeply."""
    if depth > _NESTED_MAX:
        return None

    def inner(part: TypeRef) -> Any:
        return example(part, abi, depth + 1)

    name, parts = kind.name, kind.arguments
    if name == "Array":
        return [inner(parts[0])]
    if name == "Map":
        key = inner(parts[0])
        return {key: inner(parts[1])} if isinstance(key, str) else [[key, inner(parts[1])]]
    if name == "Option":
        return inner(parts[0])
    if name == "Result":
        return {"Ok": inner(parts[0])}
    if str(kind) in abi.structs:
        return {field: inner(parse_type(text)) for field, text in abi.structs[str(kind)]}
    if str(kind) in abi.enums:
        return _variant(*abi.enums[str(kind)][0], inner)
    return _EXAMPLES.get(name)


def _variant(name: str, payload: Sequence[str], example_of: Callable[[TypeRef], Any]) -> Any:
    """Gives a variant as JSON."""
    values = [example_of(parse_type(text)) for text in payload]
    if not values:
        return name
    return {name: values[0] if len(values) == 1 else values}
