"""The JSON Schema of a charter in an answer: the forms of `ccl.cli.charter.forms`, with their
meaning.

A section's form refers to those inside it, so they are definitions of the document.
"""

from typing import Any, Final

from runtime.terminal.answers.answer import Schema
from runtime.terminal.answers.schema import INTEGER, TEXT, array, either, reference

_KEYS: Final = {"^([^$]|$|[$][$])": reference("entry")}
"""Keys of the charter; one that begins with `$` has one `$` more."""


def _section(description: str, **head: Schema) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "description": description}
    if head:
        markers = {f"${key}": schema for key, schema in head.items()}
        found |= {"properties": markers, "required": list(markers)}
    return {**found, "patternProperties": _KEYS, "additionalProperties": False}


def _form(description: str, **keys: Schema) -> dict[str, Any]:
    """Describes an object of these markers alone."""
    found = _section(description, **keys)
    del found["patternProperties"]
    return found


_VALUE: Final = reference("value")
_NUMBER: Final = "^-?[0-9]+([.][0-9]+)?(%|[dhms]|[KMGT]iB|B)?$|^[0-9-]{10}T[0-9:]{8}Z$"
_ARGUMENTS: Final = either(array(_VALUE), {"type": "object", "additionalProperties": _VALUE})
_ONE: Final = either(
    {
        **TEXT,
        "description": "a word or a text; or a number with its unit or with places; or a time",
    },
    {**INTEGER, "description": "a whole number"},
    {"type": "boolean", "description": "true or false"},
    _form("a text that reads like a number or a time", text={**TEXT, "pattern": _NUMBER}),
    _form("a call as a value", call=TEXT, arguments=_ARGUMENTS),
    reference("section"),
)
_LISTED: Final = either(
    _VALUE,
    _section("a section with a value after its key", value=_VALUE),
    _section("a band; both ends belong to it", **{"from": _VALUE, "to": _VALUE}),
    _section("a band without its upper end", **{"from": _VALUE, "below": _VALUE}),
    _form("a call as an entry: its key is the name", arguments=_ARGUMENTS),
)
CHARTER: Final[Schema] = {
    **reference("section"),
    "$defs": {
        "section": _section("a section without a value, or an object: its entries by their keys"),
        "one": {"description": "any value but a list", **_ONE},
        "value": {
            "description": "a value of the charter",
            **either(reference("one"), array(_VALUE)),
        },
        "entry": {
            "description": "the value of an entry, a section; or a list of all that share the key",
            **either(reference("one"), array(_LISTED)),
        },
    },
}
"""Of all of a file, as a section without a value."""
