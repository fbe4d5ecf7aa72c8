"""The keys of a job document, each with its kind, bounds, meaning and an example."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from msgspec import Struct

from ccl.abi.host_calls import DESCRIPTION_BYTES_MAX, SCOPE_BYTES_MAX
from mesh.core.records.terms import (
    ATTEMPT_SECONDS_MAX,
    CHILDREN_DEPTH_MAX,
    CONSTRAINTS_MAX,
    Priority,
)
from runtime.content.codec import INTEGER_MAX
from runtime.tokens.token import ResourceType


class Kind(Enum):
    TEXT = "text"
    FILE = "a file or a CID"
    CID = "CID"
    DID = "DID"
    UUID = "UUID"
    INTEGER = "integer"
    FLAG = "true or false"
    TEXTS = "list of texts"
    VALUES = "list of values"
    RECORD = "map"
    RECORDS = "list of maps"


class Field(Struct, frozen=True, kw_only=True):
    """One key. low, high: of an integer, or of a text in bytes. words: the only texts allowed.
    otherwise: the next step for another value, where an example would not help."""

    kind: Kind
    meaning: str
    example: str
    low: int = 0
    high: int = 4096
    words: tuple[str, ...] = ()
    fields: "Mapping[str, Field]" = {}
    is_required: bool = False
    otherwise: str = ""


def _text(meaning: str, example: str, *, low: int = 0, high: int = 4096) -> Field:
    return Field(kind=Kind.TEXT, meaning=meaning, example=example, low=low, high=high)


def _count(meaning: str, example: str, low: int = 1, high: int = INTEGER_MAX) -> Field:
    return Field(kind=Kind.INTEGER, meaning=meaning, example=example, low=low, high=high)


def _texts(meaning: str, example: str) -> Field:
    return Field(kind=Kind.TEXTS, meaning=meaning, example=example, high=256)


def _word(meaning: str, example: str, words: tuple[str, ...]) -> Field:
    return Field(kind=Kind.TEXT, meaning=meaning, example=example, words=words)


CONSTRAINT: Final[Mapping[str, Field]] = {
    "name": Field(
        kind=Kind.TEXT,
        meaning="the capability",
        example="gpu.count",
        low=1,
        high=256,
        is_required=True,
    ),
    "least": _count("the least amount of it", "1", low=0),
    "text": _text("the text that it must be", "arm64", high=256),
}
REQUIREMENTS: Final[Mapping[str, Field]] = {
    "memory_bytes": _count("linear memory", "67108864"),
    "cpu_cores": _count("processor cores", "1"),
    "storage_bytes": _count("storage", "0", low=0),
    "features": _texts("capabilities that a node must name", "[simd]"),
    "constraints": Field(
        kind=Kind.RECORDS,
        meaning=f"capabilities that a node must have, at most {CONSTRAINTS_MAX}",
        example="[{name: gpu.count, least: 1}]",
        fields=CONSTRAINT,
    ),
    "max_seconds": _count("the wall clock of one attempt", "3600", high=ATTEMPT_SECONDS_MAX),
}
TRUST: Final[Mapping[str, Field]] = {
    "min_reputation": _count("the least reputation of a node", "50", low=0, high=100),
    "locations": _texts("the only locations; empty for any", "[us-east]"),
    "required_credentials": _texts("credentials that a node must hold", "[audited]"),
    "verifiers": _count("members that execute the job again", "3", high=64),
    "quorum": _count("how many of them must agree", "2", high=64),
    "executor_verifiers": Field(
        kind=Kind.FLAG,
        meaning="whether members of the executor's cooperative may verify",
        example="false",
    ),
}
CHILDREN: Final[Mapping[str, Field]] = {
    "depth": Field(
        kind=Kind.INTEGER,
        meaning="generations of jobs that the program may submit",
        example="1",
        low=1,
        high=CHILDREN_DEPTH_MAX,
        is_required=True,
    ),
    "budget": Field(
        kind=Kind.INTEGER,
        meaning="the highest price of all of them together",
        example="500",
        low=1,
        high=INTEGER_MAX,
        is_required=True,
    ),
}
FIELDS: Final[Mapping[str, Field]] = {
    "module": Field(
        kind=Kind.FILE,
        meaning="the module: a file beside the document, or a CID",
        low=1,
        example="count.wasm",
    ),
    "wasm_cid": Field(
        kind=Kind.CID,
        meaning="the CID of the module",
        example="bafkr4i…",
        otherwise="for a file, write `module: FILE`",
    ),
    "description": _text("what the job is for", "Count", high=DESCRIPTION_BYTES_MAX),
    "resource_type": _word(
        "the resource that it buys; a node of the mesh has to sell it",
        "compute",
        tuple(kind.value for kind in ResourceType),
    ),
    "resource_amount": Field(
        kind=Kind.INTEGER,
        meaning="ceiling of work, in units",
        example="500",
        low=1,
        high=INTEGER_MAX,
        is_required=True,
    ),
    "budget": _count("the highest price; the amount of work by default", "500"),
    "priority": _word("how urgent it is", "medium", tuple(each.value for each in Priority)),
    "entry": _text("the export to call", "run", low=1, high=256),
    "arguments": Field(
        kind=Kind.VALUES, meaning="the arguments of the entry", example='[3, "blue"]'
    ),
    "input": Field(
        kind=Kind.FILE, meaning="what the module reads: a file, or a CID", example="ward.csv", low=1
    ),
    "scope": _text("the work whose tokens pay first", "care/homes", high=SCOPE_BYTES_MAX),
    "max_seconds": _count("the wall clock of one attempt", "3600", high=ATTEMPT_SECONDS_MAX),
    "requirements": Field(
        kind=Kind.RECORD,
        meaning="resources of the node",
        example="{cpu_cores: 1}",
        fields=REQUIREMENTS,
    ),
    "trust": Field(
        kind=Kind.RECORD,
        meaning="demands on executor and verifiers",
        fields=TRUST,
        example="{verifiers: 3, quorum: 2}",
    ),
    "children": Field(
        kind=Kind.RECORD,
        meaning="jobs that the program may submit",
        fields=CHILDREN,
        example="{depth: 1, budget: 500}",
    ),
    "award_delegate": Field(
        kind=Kind.DID, meaning="who may award besides the submitter", example="did:key:z6Mk…"
    ),
    "engine": _text(
        "the engine demanded, as `meshctl doctor` names it",
        "wasmtime 50.0.1 2c12dd408254271e x86_64",
        low=1,
        high=256,
    ),
    "token": Field(kind=Kind.CID, meaning="the token that pays", example="bafyr4i…"),
    "job_id": Field(
        kind=Kind.UUID,
        meaning="an id of your own, which makes a repeat harmless",
        example="3a9f2b8c-d147-42e1-8f39-9875d2e9f6a7",
    ),
}

OPTION_KEYS: Final = {"wasm": "module", "id": "job_id", "memory": "requirements.memory_bytes"}
"""Options of `submit-job` whose keys have other names."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a job document, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "meshctl submit-job --file",
        **_record(FIELDS),
        "oneOf": [{"required": ["module"]}, {"required": ["wasm_cid"]}],
    }


def _record(fields: Mapping[str, Field]) -> dict[str, Any]:
    required = [name for name, field in fields.items() if field.is_required]
    return {
        "type": "object",
        "properties": {
            name: {"description": field.meaning, **_schema(field)} for name, field in fields.items()
        },
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _schema(field: Field) -> dict[str, Any]:
    match field.kind:
        case Kind.INTEGER:
            return {"type": "integer", "minimum": field.low, "maximum": field.high}
        case Kind.FLAG:
            return {"type": "boolean"}
        case Kind.VALUES:
            return {"type": "array"}
        case Kind.TEXTS:
            return {"type": "array", "items": {"type": "string", "maxLength": field.high}}
        case Kind.RECORD:
            return _record(field.fields)
        case Kind.RECORDS:
            return {"type": "array", "items": _record(field.fields)}
        case Kind.UUID:
            return {"type": "string", "format": "uuid"}
        case _:
            words = {"enum": list(field.words)} if field.words else {}
            # A text has at most as many characters as bytes.
            return {
                "type": "string",
                "minLength": 1 if field.low else 0,
                "maxLength": field.high,
                **words,
            }
