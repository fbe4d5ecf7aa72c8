"""`meshctl verify`: what is verified, whose word is trusted, and how the verdict is reported."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from mesh.adapters.reexecution import executed_in
from mesh.cli.arguments.files import CAR_BYTES_MAX, open_seekable
from mesh.cli.arguments.naming import find_job
from mesh.cli.arguments.session import is_founded, make_output, open_mesh
from mesh.cli.proofs.shown import shown
from mesh.cli.proofs.verdict import Keys, Verdict, facts_of, lines_of, remarks_of
from mesh.core.car.files import CarError, read_header
from mesh.core.fields import JobId
from mesh.core.findings import Fault, Finding
from mesh.core.proofs.check import verify_proof
from mesh.core.proofs.contents import ProofError
from mesh.core.proofs.files import read_file, verify_file
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.jobs.obstacles import next_step
from mesh.queries.jobs.view import JobView, find_job_row
from mesh.queries.reader import how_to_supply
from mesh.queries.upkeep.checks import proof_of
from runtime.content.cid import Cid, CidError, parse_cid
from runtime.sandbox.pool import Sandbox
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM
from runtime.terminal.streams import note


def run_verification(
    target: str,
    *,
    is_job: bool,
    mesh: Cid | None,
    reexecute: bool | None,
    output: str | None,
    quiet: bool,
    home: Path | None,
) -> None:
    """Carry out one `verify`.

    is_job: whether the target cannot be a file. mesh: the one that the caller trusts, None for
    that of the home.

    reexecute: None to execute again where that is possible. Raises CommandError
    `verification-failed`, `not-trusted` or `not-executed-again` (exit 8).
    """
    out = make_output(home, output, quiet=quiet)
    wanted = reexecute is not False
    if not is_job and _names_a_file(target):
        verdict = _verify_file(target, home, trusted=mesh, reexecute=wanted)
    else:
        verdict = _verify_job(target, home, trusted=mesh, reexecute=wanted)
    for remark in remarks_of(verdict):
        note(remark)
    out.record(
        facts_of(verdict),
        lines=lines_of(verdict),
        quiet="verified" if verdict.is_verified else "not verified",
    )
    _end(target, verdict, must_execute=reexecute is True)


def _end(target: str, verdict: Verdict, *, must_execute: bool) -> None:
    """The error, if there is one."""
    findings, proof, checked = verdict.findings, verdict.proof, verdict.verification
    if findings:
        raise CommandError(
            ExitCode.VERIFICATION,
            "verification-failed",
            f"{target} does not verify: {findings[0]}",
            hint=_after(verdict),
            details={"reasons": [str(each) for each in findings[1:]]},
        )
    assert proof is not None and checked is not None, "a proof that is not read is a finding"
    if not checked.trusted:
        raise CommandError(
            ExitCode.VERIFICATION,
            "not-trusted",
            f"{target} is not trusted here: it is of a mesh that is unknown to you, {proof.mesh}",
            hint="ask the cooperative for the CID of its mesh (`meshctl identity show` prints "
            "it there), and verify with --mesh CID",
            details={"mesh": str(proof.mesh)},
        )
    if must_execute and checked.executed_again is None:
        raise CommandError(
            ExitCode.VERIFICATION,
            "not-executed-again",
            f"{target} was not executed again: {checked.not_executed}",
            hint="verify without executing: --no-reexecute",
        )


def _after(verdict: Verdict) -> str:
    """What helps a proof that does not verify."""
    if verdict.unreadable:
        return "the file was changed or cut off: get it again from whoever made it"
    if verdict.findings[0].fault is Fault.OTHER_MESH:
        return "name the mesh that you trust with --mesh, or leave it out for that of this home"
    return "the findings say which record is at fault"


def _verify_job(target: str, home: Path | None, *, trusted: Cid | None, reexecute: bool) -> Verdict:
    with open_mesh(home) as mesh:
        job_id = _job_of(mesh, target)
        own = mesh.members.mesh
        try:
            with mesh.read() as reader:
                row = find_job_row(reader, job_id)
                if row.receipt is None:
                    raise ProofError((Finding(fault=Fault.MISSING, subject="receipt"),))
                proof = proof_of(reader, row)
                checked = verify_proof(
                    proof,
                    mesh=trusted or own,
                    reexecute=executed_in(mesh.sandbox) if reexecute else None,
                    now=mesh.now,
                )
                told = shown(proof)
        except ProofError as error:
            raise incomplete(mesh, job_id, error.findings) from None
        keys = Keys.LOCAL if own == proof.genesis.cid else Keys.OTHERS
        return Verdict(proof=told, verification=checked, keys=keys)


def _verify_file(
    target: str, home: Path | None, *, trusted: Cid | None, reexecute: bool
) -> Verdict:
    with (
        open_seekable(Path(target), noun="proof", bytes_max=CAR_BYTES_MAX) as file,
        _environment(home, reexecute=reexecute) as (own, sandbox, now),
    ):
        try:
            read_header(file)
            proof = read_file(file)
        except CarError as error:
            raise CommandError(
                ExitCode.USAGE,
                "not-a-proof",
                f"{target} is not a proof: {error}",
                hint="a proof is the file that `meshctl receipt JOB --output FILE` writes",
            ) from None
        except ProofError as error:
            return Verdict(unreadable=error.findings)
        is_own = own == proof.genesis.cid
        checked = verify_file(
            proof,
            mesh=trusted or (own if is_own else None),
            reexecute=None if sandbox is None else executed_in(sandbox),
            now=now,
        )
        keys = Keys.LOCAL if is_own else Keys.OTHERS
        return Verdict(proof=shown(proof), verification=checked, keys=keys)


@contextmanager
def _environment(
    home: Path | None, *, reexecute: bool
) -> Iterator[tuple[Cid | None, Sandbox | None, int]]:
    """The mesh of the home, an engine and the time; a home without a mesh stays so."""
    if is_founded(home):
        with open_mesh(home) as mesh:
            yield mesh.members.mesh, mesh.sandbox if reexecute else None, mesh.now
    elif not reexecute:
        yield None, None, int(time.time())
    else:
        with TemporaryDirectory(prefix="meshctl-verify-") as name:
            folder = Path(name)
            cache, key = folder / "modules", folder / "key"
            with Sandbox(cache_dir=cache, cache_key_path=key, workers=1) as sandbox:
                yield None, sandbox, int(time.time())


def _names_a_file(target: str) -> bool:
    """Whether a file of that name is there, or what was named cannot be anything else."""
    with suppress(OSError):
        if Path(target).is_file() or Path(target).is_fifo():
            return True
    return target == STANDARD_STREAM or "/" in target or Path(target).suffix != ""


def _is_folder(target: str) -> bool:
    with suppress(OSError):
        return Path(target).is_dir()
    return False


def incomplete(mesh: EmbeddedMesh, job_id: JobId, findings: tuple[Finding, ...]) -> CommandError:
    """A proof that cannot be put together: there is none yet, or a part of it is at fault."""
    job = mesh.job(job_id)
    if job.receipt is None:
        return _no_receipt(job)
    first = findings[0]
    return CommandError(
        ExitCode.NOT_FOUND if first.fault is Fault.MISSING else ExitCode.VERIFICATION,
        "proof-incomplete",
        f"the proof of job {job_id} cannot be put together: {first}",
        hint=_remedy(first),
        details={"reasons": [str(each) for each in findings[1:]]},
    )


def _remedy(finding: Finding) -> str:
    with suppress(CidError):
        cid = parse_cid(finding.detail)
        if finding.fault is Fault.MISSING:
            return f"{how_to_supply(cid)}; `meshctl doctor` checks the store"
    return "`meshctl doctor` checks the store and says what is wrong with it"


def _no_receipt(job: JobView) -> CommandError:
    details = {"job_id": job.job_id, "state": job.phase.value}
    if job.is_final:
        reason = f" ({job.reason})" if job.reason else ""
        return CommandError(
            ExitCode.NOT_FOUND,
            "no-receipt",
            f"job {job.job_id} is {job.phase.value}{reason} and has no receipt",
            hint=next_step(job),
            details=details,
        )
    return CommandError(
        ExitCode.NOT_FOUND,
        "no-receipt",
        f"job {job.job_id} is still {job.phase.value} and has no receipt yet",
        hint=next_step(job),
        details=details,
    )


def _job_of(mesh: EmbeddedMesh, target: str) -> JobId:
    """The job that the target names, by its id or by its receipt."""
    try:
        receipt = parse_cid(target)
    except CidError:
        try:
            return find_job(mesh, target)
        except CommandError as problem:
            if _is_folder(target):
                raise CommandError(
                    ExitCode.USAGE,
                    "file-is-directory",
                    f"{target} is a directory, expected a job, a receipt or the file of a proof",
                    hint="name a file in it, or a job: `meshctl list-jobs` lists them",
                ) from None
            problem.message += ", and no file of that name"
            raise
    job_id = mesh.job_of_receipt(receipt)
    if job_id is not None:
        return job_id
    raise CommandError(
        ExitCode.NOT_FOUND,
        "unknown-receipt",
        f"no job here has the receipt {receipt}",
        hint="meshctl list-jobs -o json shows receipts; a proof file is verified by its path",
    )
