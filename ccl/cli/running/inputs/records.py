"""Host records from a file, which conditions, handlers and roles read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ccl.abi.sections import Abi
from ccl.abi.text.strict_json import read_json, syntax_fault
from ccl.abi.text.values import ValueMismatch, from_json, parse_type
from ccl.cli.files import decoded, read_bytes
from runtime.content.codec import CodecError, encode
from runtime.execution.context import ROLES_RECORD
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM

CONTEXT_BYTES_MAX: Final = 1 << 20
CONTEXT_EXAMPLE: Final = 'write an object with a record for each name: {"proposal": {"size": 5}}'
"""The names of the caller's roles, as `runtime.execution.context.Context` has them."""
_NO_TYPES: Final = Abi(exports=(), structs={}, enums={})


def read_records(path: Path | None) -> dict[str, Any]:
    """Reads the host records by name, none without a file. Raises CommandError for a malformed
    file."""
    if path is None:
        return {}
    shown = "standard input" if str(path) == STANDARD_STREAM else str(path)
    try:
        data = read_bytes(path, limit=CONTEXT_BYTES_MAX, what="context")
    except CommandError:
        if not str(path).startswith(("{", "[")):
            raise
        raise CommandError(
            ExitCode.USAGE,
            "bad-context",
            "--context takes a file with a JSON object, and this is the JSON itself",
            hint="write it into a file and name that, or pipe it in: "
            "echo '{…}' | ccl … --context -",
            details={"path": str(path)},
        ) from None
    text = decoded(data, path, "JSON")
    try:
        # Digits with a point are Decimals, which are exact: never a float.
        value = read_json(text, parse_float=str)
        records = from_json(parse_type("Data"), value, _NO_TYPES)
        encode(records)
    except json.JSONDecodeError as error:
        raise _bad(f"{shown} is not a context: {syntax_fault(error)}", path) from None
    except (ValueError, RecursionError, ValueMismatch, CodecError) as error:
        raise _bad(f"{shown} is not a context: {error}", path) from None
    if not isinstance(records, dict):
        raise _bad(f"{shown} is not a context: expected a JSON object", path)
    roles = records.get(ROLES_RECORD, [])
    if not isinstance(roles, list) or not all(isinstance(each, str) for each in roles):
        raise CommandError(
            ExitCode.USAGE,
            "bad-context",
            f"{shown} is not a context: {ROLES_RECORD} is not a list of texts",
            hint='write the names of the roles that the caller has: {"roles": ["treasurer"]}',
            details={"path": str(path)},
        )
    return records


def given_roles(records: Mapping[str, Any]) -> tuple[str, ...]:
    """Lists the roles that a context file gives the caller, instead of those of the credentials."""
    return tuple(records.get(ROLES_RECORD, ()))


def _bad(message: str, path: Path) -> CommandError:
    return CommandError(
        ExitCode.USAGE,
        "bad-context",
        message,
        hint=CONTEXT_EXAMPLE,
        details={"path": str(path)},
    )
