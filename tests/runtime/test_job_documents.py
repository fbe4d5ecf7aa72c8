"""A job document and the job sections of a charter with the same content are the same request."""

import pytest
from wasm_modules import HereMachine, executed

from ccl.pipeline import compile_text
from mesh.core.documents.job import JobDocument, read_job, request_from
from mesh.core.jobs.request import JobRequest, request_of
from runtime.content.cid import parse_cid
from runtime.content.codec import encode
from runtime.execution.effects import SubmitJob, effects_from_block

CID = "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze"
SECTIONS = """
resources { compute: 100; }
job {
  description: "Nightly accounts";
  priority: "low";
  requirements { memory: 128MiB; }
  node_preferences { locations: ["eu-west"]; min_reputation: 40; }
}
results { verification { verifiers: 5; quorum: 3; } }
execution { submit_job(wasm_cid: "%s", resource_type: "compute"); }
"""
AS_YAML = """
wasm_cid: %s
resource_type: compute
resource_amount: 100
description: Nightly accounts
priority: low
requirements: {memory_bytes: 134217728}
trust:
  locations: [eu-west]
  min_reputation: 40
  verifiers: 5
  quorum: 3
"""
CALL = """
execution {
  submit_job(
    wasm_cid: "%s", description: "Count", resource_type: "compute", resource_amount: 7,
    priority: "high", budget: 5, entry: "count", scope: "care/homes", max_seconds: 60,
    trust: { verifiers: 5 },
  );
}
"""
CALL_AS_YAML = """
module: %s
description: Count
resource_type: compute
resource_amount: 7
priority: high
budget: 5
entry: count
scope: care/homes
max_seconds: 60
trust:
  verifiers: 5
"""


def by_charter(machine: HereMachine, text: str) -> JobRequest:
    compiled = compile_text(text % CID, "charter.ccl")
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    result = executed(machine, compiled.wasm)
    block = result.blocks[result.deterministic.effects]
    (effect,) = effects_from_block(block)
    assert isinstance(effect, SubmitJob)
    return request_of(effect, None)


def by_document(text: str) -> JobRequest:
    document = read_job(text % CID)
    assert isinstance(document, JobDocument), document
    return request_from(
        document,
        module=parse_cid(document.module),
        entry=document.entry or "run",
        arguments=None if document.arguments is None else encode(document.arguments),
        input_=None,
    )


@pytest.mark.parametrize(("charter", "document"), [(SECTIONS, AS_YAML), (CALL, CALL_AS_YAML)])
def test_document_and_charter_give_the_same_request(
    machine: HereMachine, charter: str, document: str
) -> None:
    assert by_document(document) == by_charter(machine, charter)
