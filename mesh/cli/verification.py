"""`meshctl verify`: what is verified, and how the verdict is printed."""

import time
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from mesh.car import CarError, read_header
from mesh.cli.describing import describe
from mesh.cli.files import STANDARD_STREAM, read_bytes
from mesh.cli.following import CHECK, CROSS, find_job
from mesh.cli.session import is_founded, make_output, open_mesh
from mesh.findings import Fault, Finding
from mesh.local import JobView, LocalMesh
from mesh.local.checking import proof_of, verify_file, verify_proof_here
from mesh.local.views import obstacle
from mesh.proof import Proof, ProofError
from mesh.records import JobId, Verdict
from runtime.content.cid import CidError, parse_cid
from runtime.sandbox import Sandbox
from runtime.terminal.errors import CommandError, ExitCode

PROOF_BYTES_MAX = 256 << 20


def run_verification(
    target: str, *, reexecute: bool, output: str | None, quiet: bool, home: Path | None
) -> None:
    """Carry out one `verify`. Raises CommandError `verification-failed` (exit 8)."""
    out = make_output(home, output, quiet=quiet)
    if _names_a_file(target):
        data = read_bytes(Path(target), noun="proof", bytes_max=PROOF_BYTES_MAX)
        _check_is_proof(target, data)
        proof, findings, is_own_mesh = _verify_file(data, home, reexecute=reexecute)
    else:
        with open_mesh(home) as mesh:
            job_id = _job_of(mesh, target)
            try:
                proof = proof_of(mesh, job_id)
            except ProofError as error:
                raise incomplete(mesh, job_id, error.findings) from None
            findings = verify_proof_here(mesh, proof, reexecute=reexecute)
        is_own_mesh = True
    keys = "local keys" if is_own_mesh else "keys of the mesh that the file names"
    value = {
        "verified": not findings,
        "receipt": None if proof is None else str(proof.receipt.cid),
        "mesh": None if proof is None else str(proof.genesis.cid),
        "job_id": None if proof is None else proof.manifest.body.job_id,
        "executed_again": reexecute,
        "outcome": (None if proof is None else proof.receipt.body.deterministic.outcome.to_value()),
        "findings": [
            {"fault": each.fault.name, "subject": each.subject, "detail": each.detail}
            for each in findings
        ],
    }
    out.record(
        value,
        text="\n".join(_lines(proof, findings, reexecute=reexecute, keys=keys)),
        quiet="verified" if not findings else "not verified",
    )
    if findings:
        raise CommandError(
            ExitCode.VERIFICATION,
            "verification-failed",
            f"{target} does not verify: {findings[0]}",
            hint="the findings say which record is at fault",
            details={"reasons": [str(each) for each in findings[1:]]},
        )


def _names_a_file(target: str) -> bool:
    """Whether a file of that name is there, or what was named cannot be anything else."""
    with suppress(OSError):
        if Path(target).is_file() or Path(target).is_fifo():
            return True
    return target == STANDARD_STREAM or "/" in target or Path(target).suffix != ""


def _check_is_proof(target: str, data: bytes) -> None:
    try:
        read_header(BytesIO(data))
    except CarError as error:
        raise CommandError(
            ExitCode.USAGE,
            "not-a-proof",
            f"{target} is not a proof: {error}",
            hint="a proof is the file that `meshctl receipt JOB --output FILE` writes",
        ) from None


def _verify_file(
    data: bytes, home: Path | None, *, reexecute: bool
) -> tuple[Proof | None, tuple[Finding, ...], bool]:
    """The proof in a file, what speaks against it, and whether it is of the mesh at home."""
    with ExitStack() as stack:
        if is_founded(home):
            mesh = stack.enter_context(open_mesh(home))
            sandbox = mesh.sandbox if reexecute else None
            proof, findings = verify_file(data, trusted=None, sandbox=sandbox, now=mesh.now)
            is_own = proof is not None and proof.genesis.cid == mesh.members.mesh
            return proof, findings, is_own
        sandbox = None
        if reexecute:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="meshctl-verify-")))
            sandbox = Sandbox(
                cache_dir=folder / "modules", cache_key_path=folder / "key", workers=1
            )
            stack.callback(sandbox.close)
        proof, findings = verify_file(data, trusted=None, sandbox=sandbox, now=int(time.time()))
        return proof, findings, False


def incomplete(mesh: LocalMesh, job_id: JobId, findings: tuple[Finding, ...]) -> CommandError:
    """A proof that cannot be put together: there is none yet, or a part of it is at fault."""
    job = mesh.job(job_id)
    if job.receipt is None:
        return _no_receipt(job)
    first = findings[0]
    return CommandError(
        ExitCode.NOT_FOUND if first.fault is Fault.MISSING else ExitCode.VERIFICATION,
        "proof-incomplete",
        f"the proof of job {job_id} cannot be put together: {first}",
        hint="`meshctl doctor` checks the store",
        details={"reasons": [str(each) for each in findings[1:]]},
    )


def _no_receipt(job: JobView) -> CommandError:
    details = {"job_id": job.job_id, "state": job.phase.value}
    if job.is_final:
        reason = f" ({job.reason})" if job.reason else ""
        return CommandError(
            ExitCode.NOT_FOUND,
            "no-receipt",
            f"job {job.job_id} is {job.phase.value}{reason} and has no receipt",
            hint=f"meshctl job-status {job.job_id}",
            details=details,
        )
    held_up = obstacle(job, needs_award=True)
    return CommandError(
        ExitCode.NOT_FOUND,
        "no-receipt",
        f"job {job.job_id} is still {job.phase.value} and has no receipt yet",
        hint=held_up.hint if held_up else f"meshctl job-status {job.job_id} --wait",
        details=details,
    )


def _lines(
    proof: Proof | None, findings: tuple[Finding, ...], *, reexecute: bool, keys: str
) -> list[str]:
    if proof is None:
        return [f"Proof readable {CROSS} ({findings[0]})"]
    confirmed = sum(each.body.verdict is Verdict.CONFIRMED for each in proof.attestations)
    lines = [f"Receipt CID: {proof.receipt.cid}", f"Mesh: {proof.genesis.cid}"]
    lines.append(f"Outcome: the program {describe(proof.receipt.body.deterministic.outcome)}")
    wrong = {each.subject.split(" ")[0] for each in findings}
    for subject, text in (
        ("award", "Award, bid, hold and context belong together"),
        ("receipt", "Receipt signed and consistent"),
        ("anchor", "Receipt anchored to DAG"),
        ("attestations", f"Federation agrees ({confirmed}/{len(proof.attestations)}, {keys})"),
        ("settlement", "Settled by the issuer"),
    ):
        related = {subject, subject.rstrip("s")} | (
            {"bid", "hold", "context", "genesis"} if subject == "award" else set()
        )
        lines.append(f"{text} {CROSS if related & wrong else CHECK}")
    if reexecute:
        lines.append(f"Executed again here, same result {CROSS if _differs(findings) else CHECK}")
    else:
        lines.append("Not executed again")
    return lines


def _differs(findings: tuple[Finding, ...]) -> bool:
    return any(each.fault.name in {"RESULT_DIFFERS", "MISSING"} for each in findings)


def _job_of(mesh: LocalMesh, target: str) -> JobId:
    """The job that the target names, by its id or by its receipt."""
    try:
        receipt = parse_cid(target)
    except CidError:
        try:
            return find_job(mesh, target)
        except CommandError as problem:
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
