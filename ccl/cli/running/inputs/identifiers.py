"""DIDs and CIDs inside of arguments: malformed ones are refused before anything is executed."""

from typing import Any

from ccl.abi.sections import Abi
from ccl.abi.text.values import TypeRef, ValueMismatch, parse_type
from runtime.content.cid import CidError, parse_cid
from runtime.content.did import DidError, parse_did


def check_identifiers(kind: TypeRef, value: Any, abi: Abi, path: str = "") -> None:
    """Checks the DIDs and CIDs in a `value` that otherwise has the type. Raises ValueMismatch with
    the place of the first malformed one."""
    if str(kind) in abi.structs:
        for name, text in abi.structs[str(kind)]:
            check_identifiers(parse_type(text), value[name], abi, f"{path}.{name}".lstrip("."))
    elif str(kind) in abi.enums:
        _in_variant(dict(abi.enums[str(kind)]), value, abi, path)
    elif kind.name in ("Did", "Cid"):
        _check(kind, value, path)
    elif kind.name == "Array":
        for number, item in enumerate(value):
            check_identifiers(kind.arguments[0], item, abi, f"{path}[{number}]")
    elif kind.name == "Map":
        for key, item in value:
            check_identifiers(kind.arguments[0], key, abi, f"{path}.key")
            check_identifiers(kind.arguments[1], item, abi, f"{path}[{key!r}]")
    elif kind.name == "Option" and value is not None:
        inner = value[0] if kind.arguments[0].name == "Option" else value
        check_identifiers(kind.arguments[0], inner, abi, path)
    elif kind.name == "Result":
        ok, err = map(str, kind.arguments)
        _in_variant({"Ok": (ok,), "Err": (err,)}, value, abi, path)


def _in_variant(variants: dict[str, tuple[str, ...]], value: Any, abi: Abi, path: str) -> None:
    if isinstance(value, str):
        return
    ((name, content),) = value.items()
    payload = variants[name]
    for part, item in zip(payload, [content] if len(payload) == 1 else content, strict=True):
        check_identifiers(parse_type(part), item, abi, f"{path}.{name}".lstrip("."))


def _check(kind: TypeRef, text: str, path: str) -> None:
    try:
        if kind.name == "Did":
            parse_did(text)
        else:
            parse_cid(text)
    except (DidError, CidError) as error:
        raise ValueMismatch(path, str(kind), f"'{text:.60}': {error}") from None
