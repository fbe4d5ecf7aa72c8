"""JSON Schemas (draft 2020-12) of the answers of commands, in a short notation.

Rule: the same key means the same everywhere, and is described once.
"""

from collections.abc import Mapping
from typing import Any, Final

from runtime.terminal.answers.answer import Fields, Schema
from runtime.terminal.answers.key_meanings import KEY_MEANINGS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
INTEGER: Final[Schema] = {"type": "integer"}
NUMBER: Final[Schema] = {"type": "number"}
FLAG: Final[Schema] = {"type": "boolean"}
CID: Final[Schema] = {"type": "string", "pattern": "^ba[a-z2-7]+$"}
ANY: Final[Schema] = {}
"""A value of the program's own."""
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
OBJECT: Final[Schema] = {"type": "object"}


def reference(name: str) -> Schema:
    """Refers to the definition of this name, of the `$defs` that one of the document's schemas
    brings."""
    return {"$ref": f"#/$defs/{name}"}


def optional(schema: Schema) -> Schema:
    """Allows null as well."""
    if is_nullable(schema) or "const" in schema:
        return schema
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "$ref" in schema:
        return either(schema, {"type": "null"})
    return {**schema, "type": [schema["type"], "null"]}


def is_nullable(schema: Schema) -> bool:
    """Returns whether the value may be null."""
    if "anyOf" in schema:
        return any(is_nullable(each) for each in schema["anyOf"])
    if "const" in schema or "$ref" in schema:
        return False
    return None in schema["enum"] if "enum" in schema else "null" in schema.get("type", ["null"])


def one_of(*values: str) -> Schema:
    """Allows one of these texts."""
    return {"enum": list(values)}


def either(*schemas: Schema) -> Schema:
    """Allows what one of them allows."""
    return {"anyOf": list(schemas)}


def maybe(fields: Fields) -> Fields:
    """Makes keys nullable where the command succeeds, too."""
    return {key: optional(schema) for key, schema in fields.items()}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def mapping(values: Schema) -> Schema:
    """Describes an object with names of the user's as its keys."""
    return {"type": "object", "additionalProperties": values}


def record(fields: Fields) -> Schema:
    """Describes an object with these keys."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


ERROR: Final = record({"code": TEXT, "message": TEXT, "hint": TEXT, "details": OBJECT})


def document(command: str, fields: Fields) -> dict[str, Any]:
    """Builds the schema of the answer of one command (`ccl run`): when it succeeds, the keys that
    are not nullable in its fields are present."""
    defined = {
        name: each for schema in fields.values() for name, each in schema.get("$defs", {}).items()
    }
    fields = {
        key: {word: each for word, each in schema.items() if word != "$defs"}
        for key, schema in fields.items()
    }
    top = {
        key: schema if schema.get("type") == "array" else optional(schema)
        for key, schema in fields.items()
    }
    given = [key for key, schema in fields.items() if top[key] != schema]
    answer = _described(record({**top, "error": optional(ERROR)}))
    if given:
        answer["if"] = {"properties": {"error": {"type": "null"}}}
        answer["then"] = {"properties": {key: {"not": {"type": "null"}} for key in given}}
    return {
        "$schema": DIALECT,
        "title": f"{command} -o json",
        "description": f"The answer of `{command}` to programs, on success and on failure.",
        **answer,
        **({"$defs": defined} if defined else {}),
    }


def _described(schema: Schema) -> dict[str, Any]:
    """Adds the meaning of each key of a schema."""
    found = dict(schema)
    if "properties" in schema:
        found["properties"] = {
            key: {"description": KEY_MEANINGS[key], **_described(inner)}
            for key, inner in schema["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            found[key] = _described(schema[key])
    if "anyOf" in schema:
        found["anyOf"] = [_described(each) for each in schema["anyOf"]]
    return found
