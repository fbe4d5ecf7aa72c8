"""Modules and arguments are checked before anybody is paid: at submission, and by each node."""

from collections.abc import Iterator

import pytest
from changed_mesh import NODES, VERIFIERS, audit, lying, uncompiled
from embedded_mesh import ANSWER, balances, put_block
from wasm_modules import wasm
from wasm_proposals import REFUSED

from mesh.actors.submitter.rows import EVIDENCE, HOLDS
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.market.reputation import Evidence
from mesh.core.records.terms import Requirements
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.jobs.obstacles import obstacle
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode
from runtime.execution.context import MIB
from runtime.terminal.codes import CODES
from runtime.terminal.errors import CommandError

INVALID = REFUSED["an operand is missing"]
LATER = wasm('(module (func (export "run") (result i64) (i64.const 43)))')
LARGE = wasm('(module (memory 2000) (func (export "run")))')
HUGE = wasm('(module (memory 65536) (func (export "run")))')
FLOATS = wasm(
    '(module (func (export "run") (param f64)) (func (export "two") (result i32 i32)'
    " i32.const 1 i32.const 2))"
)


def asked(module: bytes, **more: object) -> JobRequest:
    return JobRequest(
        module=cid_of(module, Codec.RAW),
        resource_amount=500,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("module", "changes", "code", "reason"),
    [
        (INVALID, {}, "module-refused", "type mismatch: expected i32"),
        (REFUSED["exceptions"], {}, "module-refused", "exceptions are switched off"),
        (ANSWER, {"arguments": encode([1])}, "wrong-arguments", "1 arguments given, `run` is ()"),
        (ANSWER, {"arguments": encode({})}, "wrong-arguments", "expected a list of arguments"),
        (ANSWER, {"entry": "rum"}, "no-entry", "did you mean run?"),
        (FLOATS, {"arguments": encode([1])}, "wrong-arguments", "f64 parameters are not supported"),
        (FLOATS, {"entry": "two"}, "not-callable", "a result is one i32 or i64"),
        (LARGE, {}, "over-limit", "starts with 131072000 bytes of memory, the limit is 67108864"),
        (HUGE, {}, "over-limit", "starts with 4294967296 bytes of memory"),
    ],
)
def test_job_that_no_node_could_execute_is_refused(
    mesh: EmbeddedMesh, module: bytes, changes: dict[str, object], code: str, reason: str
) -> None:
    put_block(mesh, module)
    before = balances(mesh)
    with pytest.raises(CommandError) as refused:
        mesh.submit(asked(module, **changes))
    assert refused.value.code == code
    assert refused.value.exit_code in CODES[code][0]
    assert reason in refused.value.message
    assert mesh.job_ids() == ()
    assert balances(mesh) == before


@pytest.mark.parametrize(
    ("module", "changes", "reason"),
    [
        (INVALID, {}, "not valid WebAssembly"),
        (LATER, {"arguments": encode([1])}, "the arguments do not fit the entry"),
        (LATER, {"entry": "other"}, "the module has no entry `other`"),
    ],
)
def test_nodes_decline_a_module_that_comes_later(
    mesh: EmbeddedMesh, module: bytes, changes: dict[str, object], reason: str
) -> None:
    job_id = mesh.submit(asked(module, **changes))
    mesh.drive([job_id], auto_award=True)
    assert mesh.job(job_id).missing == (cid_of(module, Codec.RAW),)
    put_block(mesh, module)
    before = balances(mesh)
    assert mesh.drive([job_id], auto_award=True) == {}
    job = mesh.job(job_id)
    assert (job.phase, job.bids, job.award) == (Phase.SUBMITTED, (), None)
    assert len(job.declines) == 3
    held_up = obstacle(job, needs_award=True)
    assert held_up is not None
    assert reason in str(held_up.details["reasons"])
    assert balances(mesh) == before


def test_good_module_that_comes_later_is_executed(mesh: EmbeddedMesh) -> None:
    job_id = mesh.submit(
        JobRequest(module=cid_of(LATER, Codec.RAW), resource_amount=500, arguments=encode([]))
    )
    mesh.drive([job_id], auto_award=True)
    put_block(mesh, LATER)
    mesh.drive([job_id], auto_award=True)
    assert mesh.job(job_id).phase is Phase.VERIFIED


def test_module_that_the_engine_cannot_compile_counts_a_tenth_of_a_lost_lease(
    mesh: EmbeddedMesh,
) -> None:
    """What the static budget let through and the machine could not do."""
    lying(mesh, dict.fromkeys((*NODES, *VERIFIERS), uncompiled))
    before = balances(mesh)
    job_id = mesh.submit(asked(ANSWER))
    assert mesh.drive([job_id], auto_award=True) == {}
    job = mesh.job(job_id)
    assert job.phase is Phase.FAILED
    assert job.reason == "the engine could not compile the module: too large"
    assert balances(mesh) == before
    with mesh.read() as reader:
        (evidence,) = reader.rows(EVIDENCE).select()
        (hold,) = reader.rows(HOLDS).select()
    assert (evidence.member, evidence.kind) == (hold.executor, Evidence.GAVE_UP)
    assert audit(mesh) == ()


def test_module_that_needs_more_memory_names_how_to_give_it(mesh: EmbeddedMesh) -> None:
    for module, hint in (
        (LARGE, "give it more: --memory 125"),
        (HUGE, "build it for at most 268435456 bytes: no execution has more"),
    ):
        put_block(mesh, module)
        with pytest.raises(CommandError) as refused:
            mesh.submit(asked(module))
        assert refused.value.hint == hint
    enough = Requirements(memory_bytes=125 * MIB)
    job_id = mesh.submit(asked(LARGE, requirements=enough))
    assert mesh.drive([job_id], auto_award=True) == {}
    assert mesh.job(job_id).phase is Phase.VERIFIED


def unusual_entries() -> Iterator[bytes]:
    """Valid modules with an entry that no node could call."""
    imported = '(import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))'
    for imports in ("", imported):
        for name in ("_start", "run"):
            for shape in ("(param v128)", "(result i64 i64 v128)", "(param f64) (result funcref)"):
                text = f'(module {imports} (func (export "{name}") {shape} unreachable))'
                yield wasm(text)


def test_entry_of_an_unusual_type_costs_no_attempt(mesh: EmbeddedMesh) -> None:
    for module in unusual_entries():
        put_block(mesh, module)
        with pytest.raises(CommandError) as refused:
            mesh.submit(asked(module))
        assert refused.value.code in ("not-callable", "no-entry", "wrong-arguments")
