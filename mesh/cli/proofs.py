"""`meshctl receipt` and `verify`: the one file that proves what happened, and its check."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mesh.cli.completion import complete_job
from mesh.cli.options import (
    FileOption,
    FormatOption,
    HomeOption,
    JobArgument,
    JobOption,
    QuietOption,
)

if TYPE_CHECKING:  # the commands load the mesh only when they run
    from mesh.proof import Proof


def register(app: typer.Typer) -> None:
    app.command("receipt")(receipt)
    app.command("verify")(verify)


def receipt(
    job: JobArgument = None,
    job_id: JobOption = None,
    format_: FormatOption = None,
    output: FileOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show a job's receipt; --output FILE writes the proof that anyone can verify.

    \b
    Examples:
      meshctl receipt e2b4cf1af332
      meshctl receipt e2b4cf1af332 --output job.proof.car
    """
    from mesh.cli.describing import describe_proven
    from mesh.cli.naming import find_job, one_job
    from mesh.cli.output import Column, field, table
    from mesh.cli.session import make_output, open_mesh
    from mesh.cli.verification import incomplete
    from mesh.cli.writing import write_parts
    from mesh.local.checking import proof_of, whole_proof
    from mesh.proof import ProofError
    from mesh.proof import write_parts as parts_of

    wanted = one_job(job, job_id)
    out = make_output(mesh_home, format_, quiet=quiet)
    with open_mesh(mesh_home) as mesh:
        name = find_job(mesh, wanted)
        try:
            proof = proof_of(mesh, name) if output is None else whole_proof(mesh, name)
            outcome = describe_proven(proof)
            size = 0 if output is None else write_parts(output, parts_of(proof))
        except ProofError as error:
            raise incomplete(mesh, name, error.findings) from None
    if output is not None:
        out.remark(f"Proof of {proof.receipt.cid} written to {output} ({size} bytes)")
        out.remark(f"Check it anywhere: meshctl verify {output} --mesh {proof.genesis.cid}")
        written = {"path": str(output), "bytes": size}
        out.record({"cid": str(proof.receipt.cid), "written": written}, lines=(), quiet="")
        return
    items = [{"name": f"{name}:", "value": value} for name, value in _rows(proof, outcome)]
    columns = (
        Column(title="", text=field("name"), width=15),
        Column(title="", text=field("value")),
    )
    lines = table(items, columns)[1:]
    out.record(_value(proof), lines=lines, quiet=str(proof.receipt.cid))


def _rows(proof: "Proof", outcome: str) -> list[tuple[str, Any]]:
    """The lines of a receipt for people."""
    from mesh.cli.describing import local_time

    body = proof.receipt.body
    result = body.deterministic
    return [
        ("Receipt CID", proof.receipt.cid),
        ("Job ID", proof.manifest.body.job_id),
        ("Node", f"{body.node_id} ({proof.receipt.signer})"),
        ("Module", body.module),
        ("Context", body.context),
        ("Engine", body.engine.text),
        ("Outcome", outcome),
        ("Output", result.output or "none"),
        ("Fuel", "not known" if result.fuel_used is None else f"{result.fuel_used}"),
        ("Usage", ", ".join(f"{amount} {kind}" for kind, amount in body.usage.items())),
        ("Ended", local_time(body.ended_at)),
        ("Anchor", "none" if proof.anchor is None else proof.anchor.cid),
        *(
            ("Attestation", f"{each.body.verdict.value} by {each.signer}")
            for each in proof.attestations
        ),
    ]


def _value(proof: "Proof") -> dict[str, Any]:
    """The records of a receipt for machines."""
    from mesh.cli.blockview import plain
    from runtime.content.codec import decode

    return {
        "cid": str(proof.receipt.cid),
        "receipt": plain(decode(proof.receipt.block)),
        "award": plain(decode(proof.award.block)),
        "anchor": None if proof.anchor is None else plain(decode(proof.anchor.block)),
        "attestations": [plain(decode(each.block)) for each in proof.attestations],
        "settlement": None if proof.settlement is None else plain(decode(proof.settlement.block)),
    }


def verify(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="JOB|RECEIPT|FILE",
            help="A job, a receipt's CID, or a proof file.",
            autocompletion=complete_job,
        ),
    ] = None,
    job_id: JobOption = None,
    mesh: Annotated[
        str | None,
        typer.Option(
            "--mesh", metavar="CID", help="The mesh that you trust. Default: that of the home."
        ),
    ] = None,
    reexecute: Annotated[
        bool | None,
        typer.Option(
            "--reexecute/--no-reexecute",
            help="Execute the job again here. Default: where the proof has all that it takes.",
        ),
    ] = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Check signatures, chain and attestations, and execute the job again on this machine.

    A proof is trusted if it is of the mesh of this home, or of the one that --mesh names.
    Of any other, what its issuers and federation say is the file's own word (exit 8).

    \b
    Examples:
      meshctl verify e2b4cf1af332
      meshctl verify job.proof.car
      meshctl verify job.proof.car --mesh bafyr4i…
    """
    from mesh.cli.files import mesh_from
    from mesh.cli.naming import one_job
    from mesh.cli.verification import run_verification

    run_verification(
        one_job(target, job_id, noun="job, receipt or proof file"),
        is_job=job_id is not None,
        mesh=None if mesh is None else mesh_from(mesh),
        reexecute=reexecute,
        output=output,
        quiet=quiet,
        home=mesh_home,
    )
