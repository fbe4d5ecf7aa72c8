"""The same core with a real engine: WebAssembly executed four times, each in a fresh store."""

from collections.abc import Mapping
from dataclasses import replace

import wasmtime
from meshfolk import Folk
from msgspec.structs import asdict
from village import Village

from mesh.job import Phase
from mesh.proof import collect
from mesh.proofcheck import verify_proof
from mesh.records import Engine, Receipt, Verdict, read_as
from runtime.content.cid import Cid
from runtime.content.codec import decode
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic, OutcomeKind
from runtime.module.check import ModuleFacts, check_module
from runtime.sandbox.engine import build_engine, engine
from runtime.sandbox.results import execution_from
from runtime.sandbox.worker.executor import NO_BLOCKS, Executor

MODULE = wasmtime.wat2wasm(
    """
    (module
      (func (export "run") (result i64)
        (local $n i64) (local $sum i64)
        (loop $next
          (local.set $n (i64.add (local.get $n) (i64.const 1)))
          (local.set $sum (i64.add (local.get $sum) (local.get $n)))
          (br_if $next (i64.lt_u (local.get $n) (i64.const 1000))))
        (local.get $sum))
      (func (export "fall") (unreachable)))
    """
)


class InProcess:
    """Executes in this process, and counts how often."""

    def __init__(self) -> None:
        self.engine = build_engine()
        self.machine = Executor(self.engine)
        self.count = 0
        self.blocks: dict[Cid, bytes] = {}

    def __call__(
        self,
        module: bytes,
        context: Context,
        given: bytes | None,
        blocks: Mapping[Cid, bytes] = NO_BLOCKS,
    ) -> Deterministic:
        self.count += 1
        facts = check_module(module)
        assert isinstance(facts, ModuleFacts)
        code = bytes(wasmtime.Module(self.engine, module).serialize())
        report = self.machine.execute(self.machine.load(code, facts), context, given, blocks)
        answer = {
            name: getattr(report, name) for name in type(report).__slots__ if name != "outcome"
        }
        execution = execution_from({**answer, "outcome": report.outcome.to_value()})
        self.blocks |= execution.blocks
        return execution.deterministic


FOLK = replace(Folk(), module=bytes(MODULE), engine=Engine(**asdict(engine())))


def test_real_program_from_manifest_to_verified_receipt() -> None:
    execute = InProcess()
    village = Village(folk=FOLK, execute=execute)
    name = village.submit()
    village.run()
    job = village.job(name)
    assert job.phase is Phase.VERIFIED
    assert execute.count == 4, "the executor and each verifier for itself"
    with village.store.read() as tx:
        blocks = dict(collect(job, FOLK.mesh, tx.blocks.get).blocks)
    proof = collect(job, FOLK.mesh, blocks.get)
    result = proof.receipt.body.deterministic
    assert result.outcome.kind is OutcomeKind.SUCCEEDED
    assert result.fuel_used is not None and 5_000 < result.fuel_used < 50_000
    assert result.output is not None
    assert decode(execute.blocks[result.output]) == 500_500
    now = village.network.now
    found = verify_proof(proof, mesh=FOLK.mesh, reexecute=InProcess(), now=now)
    assert (found.findings, found.executed_again, found.is_verified) == ((), True, True)
    village.audit()


def test_program_that_traps_is_verified_and_paid() -> None:
    village = Village(folk=FOLK, execute=InProcess())
    name = village.submit(entry="fall")
    village.run()
    job = village.job(name)
    assert job.phase is Phase.VERIFIED and job.receipt is not None
    with village.store.read() as tx:
        block = tx.blocks.get(job.receipt)
    assert block is not None
    receipt = read_as(Receipt, block, FOLK.mesh).body
    assert receipt.deterministic.outcome.kind is OutcomeKind.TRAPPED
    assert receipt.deterministic.output is None
    village.audit()


def test_one_unit_too_little_is_out_of_fuel_for_everyone() -> None:
    greedy = wasmtime.wat2wasm('(module (func (export "run") (loop $l (br $l))))')
    folk = replace(FOLK, module=bytes(greedy))
    village = Village(folk=folk, execute=InProcess())
    name = village.submit(resource_amount=1, budget=1)
    village.run()
    job = village.job(name)
    assert job.phase is Phase.VERIFIED
    assert [vote.verdict for vote in job.votes] == [Verdict.CONFIRMED] * 3
    village.audit()
