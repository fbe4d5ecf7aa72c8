"""One execution on this machine, under the local identity, with the mesh's present records."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ccl.cli.running.program import Program, build_context, output_to_json
from ccl.cli.running.seed import for_occasion, seed_of
from mesh.embedded.commands.runs import request_for, world_now
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.accounts.owner_view import root_of, snapshot_of
from runtime.content.cid import Cid
from runtime.content.codec import RECORD_BYTES_MAX, CodecError, decode
from runtime.execution.context import Context, Limits
from runtime.execution.effects import Effect, effects_from_block
from runtime.execution.execution import Deterministic, Execution, Metrics
from runtime.execution.state import Snapshot
from runtime.sandbox.engine import engine_text
from runtime.sandbox.request import Fault
from runtime.terminal.errors import CommandError, ExitCode


class Call(Struct, frozen=True, kw_only=True):
    """A call to execute: an entry with its arguments, its input and its host records.

    results: outputs of earlier jobs by their id. seed: the chosen one, None for that of
    `ccl.cli.running.seed`. occasion: distinguishes executions that are otherwise alike, so that
    they draw other random numbers.
    """

    program: Program
    entry: str
    arguments: bytes | None
    input: tuple[Cid, bytes] | None
    records: Mapping[str, Any]
    limits: Limits
    results: Mapping[str, Any]
    seed: bytes | None = None
    occasion: str = ""


class Run(Struct, frozen=True, kw_only=True):
    """The result of an execution. value: JSON, None for none. context: None for an execution of an
    earlier command."""

    program: Program
    entry: str
    execution: Execution
    context: Context | None
    value: Any
    logs: tuple[str, ...]
    effects: tuple[Effect, ...]


def execute(mesh: EmbeddedMesh, call: Call) -> Run:
    """Executes a call. Raises CommandError `machine-fault`, and CommandError for state that cannot
    be read."""
    program = call.program
    world = world_now(mesh)
    around = world.around
    context = build_context(
        entry=call.entry,
        arguments=call.arguments,
        caller=mesh.submitter.did,
        now=mesh.now,
        seed=_seed(call, world.state),
        input_cid=None if call.input is None else call.input[0],
        balances=around.balances,
        policies=around.policies,
        engine=engine_text(),
        limits=call.limits,
        records={**around.records, **call.records},
        results=call.results,
        state_root=around.state_root,
        tokens=around.tokens,
        reputation=around.reputation,
    )
    _check_size(context)
    request = request_for(mesh, context, world, (program.root.cid, program.root.wasm))
    given = None if call.input is None else call.input[1]
    result = mesh.sandbox.execute(replace(request, input=given))
    if isinstance(result, Fault):
        raise CommandError(
            ExitCode.FAILED,
            "machine-fault",
            f"this machine could not execute {program.root.path}: {result}",
            hint="the program may be correct; `meshctl doctor` checks this machine",
        )
    return run_of(program, call.entry, result, context)


def state_without_program(mesh: EmbeddedMesh, program: Program) -> dict[str, tuple[str, ...]]:
    """Lists variables that the owner has stored in homes of the program for which it declares none.

    Raises CommandError for state that cannot be read.
    """
    if not program.stateless:
        return {}
    with mesh.read() as reader:
        stored = snapshot_of(reader, root_of(reader)).homes
    return {home: tuple(sorted(stored[home])) for home in program.stateless if stored.get(home)}


def _seed(call: Call, state: Snapshot) -> bytes:
    if call.seed is not None:
        return for_occasion(call.seed, call.occasion)
    return seed_of(
        module=call.program.root.cid,
        abi=call.program.abi,
        entry=call.entry,
        arguments=call.arguments,
        input_cid=None if call.input is None else call.input[0],
        state=state,
        occasion=call.occasion,
    )


def done_before(mesh: EmbeddedMesh, program: Program, entry: str, found: Deterministic) -> Run:
    """Reads an execution of an earlier command back from the blocks that it has stored."""
    blocks = {
        cid: mesh.get_block(cid)
        for cid in (found.output, found.effects, found.logs)
        if cid is not None
    }
    metrics = Metrics(wall_ms=0, memory_peak_bytes=0, host_calls=0)
    execution = Execution(deterministic=found, metrics=metrics, blocks=blocks)
    return run_of(program, entry, execution, None)


def run_of(program: Program, entry: str, execution: Execution, context: Context | None) -> Run:
    found, blocks = execution.deterministic, execution.blocks
    value = None
    if found.output is not None:
        value = output_to_json(found.output, blocks[found.output], program.abi, entry)
    return Run(
        program=program,
        entry=entry,
        execution=execution,
        context=context,
        value=value,
        logs=() if found.logs is None else tuple(decode(blocks[found.logs])),
        effects=() if found.effects is None else effects_from_block(blocks[found.effects]),
    )


def _check_size(context: Context) -> None:
    """Raises CommandError if the records of host and command line do not fit one block."""
    try:
        size = len(context.to_block())
    except CodecError as error:
        raise CommandError(
            ExitCode.USAGE,
            "bad-context",
            f"the context has no encoding: {error}",
            hint="remove records that the program does not read",
        ) from None
    if size > RECORD_BYTES_MAX:
        raise CommandError(
            ExitCode.USAGE,
            "bad-context",
            f"the context has {size} bytes, at most {RECORD_BYTES_MAX} are allowed",
            hint="pass large data as the input: --input FILE",
        )
