"""`meshctl verify`: what is verified, and how the verdict is printed."""

from pathlib import Path

from mesh.cli.files import read_bytes
from mesh.cli.following import CHECK, CROSS, find_job
from mesh.cli.proofs import incomplete
from mesh.cli.session import make_output, open_mesh
from mesh.findings import Finding
from mesh.local import LocalMesh
from mesh.local.checking import proof_of, verify_file, verify_proof_here
from mesh.problem import Kind, MeshProblem
from mesh.proof import Proof, ProofError
from mesh.records import JobId, Verdict
from runtime.content.cid import CidError, parse_cid

PROOF_BYTES_MAX = 256 << 20


def run_verification(
    target: str, *, reexecute: bool, output: str | None, quiet: bool, home: Path | None
) -> None:
    """Carry out one `verify`. Raises MeshProblem `verification-failed` (exit 8)."""
    out = make_output(home, output, quiet=quiet)
    is_file = Path(target).is_file()
    with open_mesh(home) as mesh:
        if is_file:
            data = read_bytes(Path(target), noun="proof", bytes_max=PROOF_BYTES_MAX)
            sandbox = mesh.sandbox if reexecute else None
            proof, findings = verify_file(data, trusted=None, sandbox=sandbox, now=mesh.now)
        else:
            job_id = _job_of(mesh, target)
            try:
                proof = proof_of(mesh, job_id)
            except ProofError as error:
                raise incomplete(str(job_id), error.findings) from None
            findings = verify_proof_here(mesh, proof, reexecute=reexecute)
        is_own_mesh = proof is not None and proof.genesis.cid == mesh.members.mesh
    keys = "local keys" if is_own_mesh else "keys of the mesh that the file names"
    value = {
        "verified": not findings,
        "receipt": None if proof is None else str(proof.receipt.cid),
        "mesh": None if proof is None else str(proof.genesis.cid),
        "job_id": None if proof is None else proof.manifest.body.job_id,
        "executed_again": reexecute,
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
        raise MeshProblem(
            Kind.VERIFICATION,
            "verification-failed",
            f"{target} does not verify: {findings[0]}",
            hint="the findings say which record is at fault",
            details={"reasons": [str(each) for each in findings]},
        )


def _lines(
    proof: Proof | None, findings: tuple[Finding, ...], *, reexecute: bool, keys: str
) -> list[str]:
    if proof is None:
        return [f"Proof readable {CROSS} ({findings[0]})"]
    confirmed = sum(each.body.verdict is Verdict.CONFIRMED for each in proof.attestations)
    lines = [f"Receipt CID: {proof.receipt.cid}", f"Mesh: {proof.genesis.cid}"]
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
        return find_job(mesh, target)
    job_id = mesh.job_of_receipt(receipt)
    if job_id is not None:
        return job_id
    raise MeshProblem(
        Kind.NOT_FOUND,
        "unknown-receipt",
        f"no job here has the receipt {receipt}",
        hint="meshctl list-jobs -o json shows receipts; a proof file is verified by its path",
    )
