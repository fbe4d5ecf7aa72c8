"""`meshctl receipt` and `verify`: the one file that proves what happened, and its check."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mesh.cli.arguments.completion import complete_job
from mesh.cli.arguments.options import (
    FileOption,
    FormatOption,
    HomeOption,
    JobArgument,
    JobOption,
    QuietOption,
)

if TYPE_CHECKING:  # the commands load the mesh only when they run
    from mesh.core.proofs.proof import Proof
    from mesh.core.records.work import Attestation


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
    from mesh.cli.arguments.naming import find_job, one_job
    from mesh.cli.arguments.session import make_output, open_mesh
    from mesh.cli.output.formats import Column, field, table
    from mesh.cli.output.writing import write_parts
    from mesh.cli.proofs.shown import shown
    from mesh.cli.proofs.verification import incomplete
    from mesh.core.findings import Fault, Finding
    from mesh.core.proofs.contents import ProofError
    from mesh.core.proofs.proof import write_parts as parts_of
    from mesh.queries.jobs.view import find_job_row
    from mesh.queries.upkeep.checks import proof_of, whole_proof

    wanted = one_job(job, job_id)
    out = make_output(mesh_home, format_, quiet=quiet)
    with open_mesh(mesh_home) as mesh:
        name = find_job(mesh, wanted)
        try:
            with mesh.read() as reader:
                row = find_job_row(reader, name)
                if row.receipt is None:
                    raise ProofError((Finding(fault=Fault.MISSING, subject="receipt"),))
                proof = proof_of(reader, row) if output is None else whole_proof(reader, row)
                rows = _rows(proof, shown(proof).described)
                value = _value(proof)
                size = 0 if output is None else write_parts(output, parts_of(proof))
        except ProofError as error:
            raise incomplete(mesh, name, error.findings) from None
    receipt_cid = value["cid"]
    if output is not None:
        out.remark(f"Proof of {receipt_cid} written to {output} ({size} bytes)")
        out.remark(f"Check it anywhere: meshctl verify {output} --mesh {proof.genesis.cid}")
        written = {"path": str(output), "bytes": size}
        out.record({"cid": receipt_cid, "written": written}, lines=(), quiet="")
        return
    items = [{"name": f"{noun}:", "value": text} for noun, text in rows]
    columns = (
        Column(title="", text=field("name"), width=15),
        Column(title="", text=field("value")),
    )
    lines = table(items, columns)[1:]
    out.record(value, lines=lines, quiet=receipt_cid)


def _rows(proof: "Proof", outcome: str) -> list[tuple[str, Any]]:
    """The lines of a receipt for people."""
    from mesh.cli.output.describing import local_time

    assert proof.receipt is not None, "a job with a receipt"
    body, result = proof.receipt.body, proof.result
    claimed = (body.deterministic, body.engine)
    fuel = None if result is None else result.fuel_used
    return [
        ("Receipt CID", proof.receipt.cid),
        ("Job ID", proof.manifest.body.job_id),
        ("Node", f"{body.node_id} ({proof.receipt.signer})"),
        ("Module", body.module),
        ("Context", body.context),
        ("Engine", body.engine.text),
        ("Outcome", outcome),
        ("Output", (None if result is None else result.output) or "none"),
        ("Fuel", "not known" if fuel is None else f"{fuel}"),
        ("Usage", ", ".join(f"{amount} {kind}" for kind, amount in body.usage.items())),
        ("Ended", local_time(body.ended_at)),
        ("Anchor", "none" if proof.anchor is None else proof.anchor.cid),
        *(
            ("Attestation", f"{_verdict(each.body, claimed)} by {each.signer}")
            for each in proof.attestations
        ),
    ]


def _verdict(body: "Attestation", claimed: tuple[Any, Any]) -> str:
    """What an attestation says of the receipt's result."""
    if body.engine != claimed[1]:
        return "inconclusive"
    return "confirmed" if body.deterministic == claimed[0] else "refuted"


def _value(proof: "Proof") -> dict[str, Any]:
    """The records of a receipt for machines."""
    from mesh.cli.blocks.view import plain
    from runtime.content.codec import decode

    assert proof.receipt is not None, "a job with a receipt"
    result = proof.result
    return {
        "cid": str(proof.receipt.cid),
        "receipt": plain(decode(proof.receipt.block)),
        "deterministic": None if result is None else plain(result.to_value()),
        "hold": plain(decode(proof.hold.block)),
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
    from mesh.cli.arguments.files import mesh_from
    from mesh.cli.arguments.naming import one_job
    from mesh.cli.proofs.verification import run_verification

    run_verification(
        one_job(target, job_id, noun="job, receipt or proof file"),
        is_job=job_id is not None,
        mesh=None if mesh is None else mesh_from(mesh),
        reexecute=reexecute,
        output=output,
        quiet=quiet,
        home=mesh_home,
    )
