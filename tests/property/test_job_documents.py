"""Job documents: no text crashes the reader, YAML and JSON agree, and the schema says the same."""

import json
from typing import Any

import yaml
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mesh.core.documents.job import JobDocument, read_job
from mesh.core.documents.shapes import (
    CHILDREN,
    CONSTRAINT,
    FIELDS,
    REQUIREMENTS,
    TRUST,
    json_schema,
)

CID = "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze"
DID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
WHOLE: dict[str, Any] = {
    "module": "count.wasm",
    "description": "Count: the ward's votes",
    "resource_type": "compute",
    "resource_amount": 500,
    "budget": 400,
    "priority": "high",
    "entry": "count",
    "arguments": [3, "no", "007", True, None, {"a": [1]}],
    "input": CID,
    "scope": "care/homes",
    "max_seconds": 60,
    "requirements": {
        "memory_bytes": 1 << 20,
        "cpu_cores": 2,
        "storage_bytes": 0,
        "features": ["simd"],
        "constraints": [{"name": "gpu.count", "least": 1}, {"name": "arch", "text": "arm64"}],
    },
    "trust": {
        "min_reputation": 40,
        "locations": ["no", "us-east"],
        "required_credentials": ["audited"],
        "verifiers": 5,
        "quorum": 3,
        "executor_verifiers": False,
    },
    "children": {"depth": 1, "budget": 50},
    "award_delegate": DID,
    "engine": "wasmtime",
    "token": CID,
    "job_id": "3a9f2b8c-d147-42e1-8f39-9875d2e9f6a7",
}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2**63 + 5),
    st.sampled_from(["", "x", "compute", CID, DID, "low", "3.5", "~", "true"]),
    st.just([]),
    st.just(["x"]),
    st.just([3]),
    st.just({}),
    st.just({"depth": 1, "budget": 5}),
)
PATHS = [
    *[(key,) for key in FIELDS],
    *[("requirements", key) for key in REQUIREMENTS],
    *[("trust", key) for key in TRUST],
    *[("children", key) for key in CHILDREN],
    *[("requirements", "constraints", 0, key) for key in CONSTRAINT],
]
VALIDATOR = Draft202012Validator(json_schema())


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    document = json.loads(json.dumps(WHOLE))
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return document


def test_whole_document_has_every_key_and_is_read() -> None:
    assert set(WHOLE) == set(FIELDS) - {"wasm_cid"}
    assert isinstance(read_job(json.dumps(WHOLE)), JobDocument)
    assert not list(VALIDATOR.iter_errors(WHOLE))


@examples(300)
@given(st.sampled_from(PATHS), VALUES)
def test_yaml_and_json_are_read_alike_and_as_the_schema_says(
    path: tuple[Any, ...], value: Any
) -> None:
    document = changed(path, value)
    by_json = read_job(json.dumps(document))
    by_yaml = read_job(yaml.safe_dump(document))
    assert isinstance(by_json, JobDocument) == isinstance(by_yaml, JobDocument)
    if isinstance(by_json, JobDocument):
        assert by_json == by_yaml
        assert not list(VALIDATOR.iter_errors(document))
    elif all(each.place in ("trust", "requirements") for each in by_json):
        return  # A quorum that is no majority: no schema says that.
    elif path[-1] not in ("wasm_cid", "token", "award_delegate", "job_id"):
        assert list(VALIDATOR.iter_errors(document)), by_json


PIECES = (
    *("module", "trust", "modul", ":", " ", "\n", "- ", "[", "]", "{", "}", "&a", "*a", "!x"),
    *("|", ">", '"', "'", "#", "\t", "5", "~", "<<", "---", "%YAML 1.1\n", "?"),
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=20).map("".join))


@examples(400)
@given(TEXTS)
def test_any_text_is_a_job_or_is_refused_with_places(text: str) -> None:
    found = read_job(text)
    if not isinstance(found, JobDocument):
        assert found
        lines = max(1, len(text.split("\n")))
        assert all(1 <= each.line <= lines + 1 and each.column >= 1 for each in found)
        assert all(each.reason and each.hint for each in found)
