"""Output and logs of a job, from the blocks that its verified receipt names.

Rule: nothing is shown of a job whose receipt does not verify now.
"""

from typing import Any

from msgspec import Struct

from ccl.abi.sections import Abi
from ccl.abi.text.values import ValueMismatch, parse_type, to_json, untyped_to_json
from mesh.core.fields import JobId
from mesh.core.jobs.job import Phase
from mesh.queries.jobs.obstacles import next_step
from mesh.queries.jobs.view import JobView, find_job_row, job_view
from mesh.queries.reader import Reader, missing_block
from mesh.queries.upkeep.checks import check_federation
from runtime.content.cid import Cid, Codec
from runtime.content.codec import CodecError, decode
from runtime.module.check import ModuleFacts, check_module
from runtime.terminal.errors import CommandError, ExitCode


class JobOutput(Struct, frozen=True, kw_only=True):
    """value: JSON of a dag-cbor output, by the entry's CCL type where the module has one."""

    cid: Cid
    codec: str
    data: bytes
    value: Any

    @property
    def is_value(self) -> bool:
        return self.cid.codec is Codec.DAG_CBOR


def output_of(reader: Reader, job_id: JobId) -> JobOutput:
    """The output block of a verified job, decoded.

    Raises CommandError `no-result`, `not-verified`, `block-missing`, `block-tampered`.
    """
    row = find_job_row(reader, job_id)
    job = job_view(reader, row)
    if job.deterministic is None or job.phase is not Phase.VERIFIED:
        raise CommandError(
            ExitCode.NOT_FOUND if not job.is_final else ExitCode.FAILED,
            "no-result",
            f"job {job_id} is {job.phase.value} and has no verified result",
            hint=next_step(job),
            details={"job_id": job_id, "state": job.phase.value},
        )
    check = check_federation(reader, row)
    if check.findings:
        raise CommandError(
            ExitCode.VERIFICATION,
            "not-verified",
            f"the receipt of job {job_id} does not verify: {check.findings[0]}",
            hint=f"meshctl verify {job_id}",
            details={"job_id": job_id, "reasons": [str(each) for each in check.findings]},
        )
    cid = job.deterministic.output
    if cid is None:
        raise CommandError(
            ExitCode.NOT_FOUND,
            "no-output",
            f"the program of job {job_id} gave no output",
            hint=f"meshctl logs {job_id}",
            details={"job_id": job_id, "outcome": job.deterministic.outcome.to_value()},
        )
    return decoded(reader, job, cid)


def decoded(reader: Reader, job: JobView, cid: Cid) -> JobOutput:
    """The block, hashed now, and its value."""
    if not reader.blocks.has(cid):
        problem = missing_block(cid, "output")
        problem.hint = f"run the job again, or {problem.hint}"
        raise problem
    data = reader.block(cid, "output")
    codec = cid.codec.name.lower().replace("_", "-")
    if cid.codec is not Codec.DAG_CBOR:
        return JobOutput(cid=cid, codec=codec, data=data, value=None)
    try:
        value = decode(data, bytes_max=len(data))
    except CodecError as error:
        raise CommandError(
            ExitCode.VERIFICATION,
            "output-malformed",
            f"the output {cid} is not canonical DAG-CBOR: {error}",
            hint=f"meshctl block get {cid} --output FILE writes its bytes",
        ) from None
    return JobOutput(cid=cid, codec=codec, data=data, value=_shown(reader, job, value))


def _shown(reader: Reader, job: JobView, value: Any) -> Any:
    """By the result type that the module declares. Raises CommandError `block-missing`, since
    without the type the same output is another value to programs."""
    module = job.manifest.body.module
    if module.codec is Codec.RAW:
        if not reader.blocks.has(module):
            problem = missing_block(module, "module")
            problem.message += f", which says of what type the output of job {job.job_id} is"
            problem.hint += f"; `meshctl block get {job.output} -o json` shows it without its type"
            raise problem
        facts = check_module(reader.block(module, "module"))
        if isinstance(facts, ModuleFacts) and facts.abi is not None:
            abi = Abi.from_value(decode(facts.abi, bytes_max=len(facts.abi)))
            for export in abi.exports:
                if export.name == job.manifest.body.entry:
                    try:
                        return to_json(parse_type(export.result), value, abi)
                    except (ValueMismatch, ValueError):
                        # A module may declare what it does not keep; the value itself stands.
                        return untyped_to_json(value)
    return untyped_to_json(value)


def logs_of(reader: Reader, job_id: JobId) -> tuple[str, ...]:
    """What the program logged. Raises CommandError `no-result` or `block-missing`."""
    job = job_view(reader, find_job_row(reader, job_id))
    if job.deterministic is None:
        never = "was never executed to its end" if job.is_final else "has no log yet"
        raise CommandError(
            ExitCode.NOT_FOUND,
            "no-result",
            f"job {job_id} is {job.phase.value} and {never}",
            hint=next_step(job),
            details={"job_id": job_id, "state": job.phase.value},
        )
    cid = job.deterministic.logs
    if cid is None:
        return ()
    if not reader.blocks.has(cid):
        raise missing_block(cid, "logs")
    lines = decode(reader.block(cid, "logs"))
    return tuple(str(line) for line in lines)
