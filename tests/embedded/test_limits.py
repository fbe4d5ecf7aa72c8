"""Limits that an operator changed: each is applied where docs/operating.md says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import wasmtime
from changed_mesh import audit
from embedded_mesh import ANSWER, ANSWER_CID, ENVIRONMENT, findings_of, put_block

from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.embedded.commands.quoting import quote
from mesh.embedded.machine.sandboxed import sandbox_limits
from mesh.embedded.mesh import EmbeddedMesh
from mesh.home.config import Config
from runtime.content.codec import decode
from runtime.execution.effects import effects_from_block
from runtime.execution.execution import Deterministic, OutcomeKind
from runtime.sandbox.limits import SANDBOX_LIMITS
from runtime.terminal.errors import CommandError, ExitCode

WRITER = bytes(
    wasmtime.wat2wasm(
        """
        (module
          (import "icn_host" "host_write_output" (func $out (param i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "run") (drop (call $out (i32.const 0) (i32.const 100)))))
        """
    )
)
LOGGER = bytes(
    wasmtime.wat2wasm(
        """
        (module
          (import "icn_host" "host_log_message" (func $log (param i32 i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "a line of more than twenty bytes")
          (func (export "run") (call $log (i32.const 0) (i32.const 32))))
        """
    )
)
ANCHOR = bytes(
    wasmtime.wat2wasm(
        """
        (module
          (import "icn_host" "host_anchor_to_dag" (func $anchor (param i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "run")
            (drop (call $anchor (i32.const 0) (i32.const 4)))
            (drop (call $anchor (i32.const 0) (i32.const 5)))))
        """
    )
)


@pytest.fixture
def limited(mesh_home: Path, request: pytest.FixtureRequest) -> Iterator[EmbeddedMesh]:
    """A mesh with one changed setting."""
    (mesh_home / "config.toml").write_text(request.param)
    with EmbeddedMesh.open(mesh_home, environment=ENVIRONMENT) as mesh:
        yield mesh


def work(**more: object) -> JobRequest:
    given: dict[str, object] = {"module": ANSWER_CID, "resource_amount": 500, **more}
    return JobRequest(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("limited", "name"),
    [
        (f"module_bytes = {len(ANSWER) - 1}", "module_bytes"),
        ("input_bytes = 3", "input_bytes"),
        ("memory_bytes = 65536", "memory_bytes"),
        ("description_bytes = 4", "description_bytes"),
    ],
    indirect=["limited"],
)
def test_module_over_a_limit_is_refused(limited: EmbeddedMesh, name: str) -> None:
    request = work(description="votes", input=put_block(limited, b"four"))
    refusal = quote(limited, request).refusal
    with pytest.raises(CommandError) as caught:
        limited.submit(request)
    assert (caught.value.exit_code, caught.value.code) == (ExitCode.USAGE, "over-limit")
    assert caught.value.details["limit"] == name
    assert name in caught.value.hint
    assert refusal is not None and refusal.message == caught.value.message
    assert limited.job_ids() == ()


def run(mesh: EmbeddedMesh, module: bytes) -> Deterministic:
    """What every verifier found as well."""
    job_id = mesh.submit(work(module=put_block(mesh, module)))
    mesh.drive([job_id], auto_award=True)
    job = mesh.job(job_id)
    assert job.phase is Phase.VERIFIED and job.deterministic is not None
    assert findings_of(mesh, job_id) == ()
    assert audit(mesh) == ()
    return job.deterministic


@pytest.mark.parametrize(
    ("limited", "size"),
    [("output_bytes = 99", None), ("output_bytes = 100", 100)],
    indirect=["limited"],
)
def test_output_over_the_limit_is_refused(limited: EmbeddedMesh, size: int | None) -> None:
    output = run(limited, WRITER).output
    assert (None if output is None else len(limited.get_block(output))) == size


@pytest.mark.parametrize("limited", ["effects = 1"], indirect=True)
def test_effect_over_the_limit_is_refused(limited: EmbeddedMesh) -> None:
    found = run(limited, ANCHOR)
    assert found.outcome.kind is OutcomeKind.SUCCEEDED and found.effects is not None
    assert len(effects_from_block(limited.get_block(found.effects))) == 1


@pytest.mark.parametrize("limited", ["log_bytes = 20"], indirect=True)
def test_log_over_the_limit_is_cut(limited: EmbeddedMesh) -> None:
    found = run(limited, LOGGER)
    assert found.logs is not None
    assert "log cut: over 20 bytes" in decode(limited.get_block(found.logs))[-1]


@pytest.mark.parametrize("limited", ["bids_per_job = 2"], indirect=True)
def test_no_more_bids_than_allowed(limited: EmbeddedMesh) -> None:
    job_id = limited.submit(work())
    limited.drive([job_id])
    assert len(limited.job(job_id).bids) == 2
    limited.drive([job_id], auto_award=True)
    assert limited.job(job_id).phase is Phase.VERIFIED


def test_compiling_gets_what_the_operator_gives() -> None:
    given = sandbox_limits(Config(compile_seconds=40, compile_bytes=300 << 20))
    assert (given.compile_cpu_seconds, given.compile_address_bytes) == (40, 300 << 20)
    assert given.compile_wall_seconds >= 40
    assert sandbox_limits(Config()) == SANDBOX_LIMITS
