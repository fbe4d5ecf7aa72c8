"""`meshctl block`: bytes by their name, into the store and out of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mesh.cli.arguments.options import FileOption, FormatOption, HomeOption, QuietOption
from mesh.cli.output.formats import Output
from runtime.terminal.streams import counted, note

if TYPE_CHECKING:
    from mesh.embedded.mesh import EmbeddedMesh
    from runtime.content.cid import Cid

block = typer.Typer(
    help="""Put blocks into the store, get them out, remove them.

    \b
    Examples:
      meshctl block put analysis.wasm
      meshctl block get bafkr4i… --output module.wasm
      meshctl block rm bafkr4i…
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    app.add_typer(block, name="block")


@block.command("put")
def put(
    file: Annotated[
        Path, typer.Argument(readable=False, metavar="FILE", help="The file; - for stdin.")
    ],
    car: Annotated[
        bool, typer.Option("--car", help="FILE is a CAR (version 1): store each block in it.")
    ] = False,
    dag_cbor: Annotated[
        bool, typer.Option("--dag-cbor", help="FILE is one canonical DAG-CBOR block.")
    ] = False,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Store a file as one block and print its CID.

    A job that waits for this block goes on with the next command that drives the mesh.

    \b
    Examples:
      meshctl block put analysis.wasm
      meshctl block put --car analysis.car
    """
    from mesh.cli.arguments.files import read_bytes
    from mesh.cli.arguments.session import found_mesh, make_output
    from runtime.content.cid import Codec, cid_of
    from runtime.content.codec import CodecError, decode
    from runtime.terminal.errors import CommandError, ExitCode

    out = make_output(mesh_home, output, quiet=quiet)
    if car and dag_cbor:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "--car and --dag-cbor exclude each other",
            hint="a CAR names the codec of each of its blocks",
        )
    if car:
        put_car(file, mesh_home, out)
        return
    data = read_bytes(file, noun="block")
    if dag_cbor:
        try:
            decode(data)
        except CodecError as error:
            raise CommandError(
                ExitCode.USAGE,
                "block-not-canonical",
                f"{file}: {error}",
                hint="store it as raw bytes, without --dag-cbor",
            ) from None
    cid = cid_of(data, Codec.DAG_CBOR if dag_cbor else Codec.RAW)
    with found_mesh(mesh_home) as mesh:
        mesh.put_blocks([(cid, data)])
    out.record(
        {"cids": [str(cid)], "absent_roots": [], "blocks": 1, "bytes": len(data)},
        lines=[str(cid)],
        quiet=str(cid),
    )


def put_car(file: Path, home: Path | None, out: Output) -> None:
    """Store each block of a CAR, all or none, and print its roots."""
    from mesh.cli.arguments.files import CAR_BYTES_MAX, open_seekable
    from mesh.cli.arguments.session import found_mesh
    from mesh.core.car.files import CarError, open_car
    from runtime.terminal.errors import CommandError, ExitCode

    try:
        with open_seekable(file, noun="CAR file", bytes_max=CAR_BYTES_MAX) as source:
            car = open_car(source)
            with found_mesh(home) as mesh:
                mesh.put_blocks(car.blocks)
    except CarError as error:
        raise CommandError(
            ExitCode.USAGE,
            "car-malformed",
            f"{file}: {error}",
            hint="export it again as CAR version 1, with sha2-256 or blake3-256 CIDs",
        ) from None
    for root in car.absent_roots:
        note(f"note: the root {root} is not in the file; its block is not stored by this command")
    roots = [str(root) for root in car.roots]
    size = sum(section.size for section in car.sections.values())
    out.record(
        {
            "cids": roots,
            "absent_roots": [str(root) for root in car.absent_roots],
            "blocks": len(car.sections),
            "bytes": size,
        },
        lines=[*roots, f"{counted(len(car.sections), 'block')}, {counted(size, 'byte')}"],
        quiet="\n".join(roots),
    )


@block.command("get")
def get(
    cid: Annotated[str, typer.Argument(metavar="CID", help="A CID, or its last characters.")],
    format_: FormatOption = None,
    output: FileOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Write a block's bytes to stdout or a file; -o json decodes a DAG-CBOR block.

    \b
    Examples:
      meshctl block get bafkr4i… --output module.wasm
      meshctl block get bafyr4i… -o json
    """
    from mesh.cli.arguments.session import make_output, open_mesh
    from mesh.cli.blocks.view import block_to_json
    from mesh.cli.output.writing import write_bytes, write_stdout

    out = make_output(mesh_home, format_, quiet=quiet)
    with open_mesh(mesh_home) as mesh:
        found = mesh.find_block(cid)
        data = mesh.get_block(found)
    if output is not None:
        write_bytes(output, data)
        out.record({"written": {"path": str(output), "bytes": len(data)}}, lines=(), quiet="")
        out.remark(f"{len(data)} bytes written to {output}")
    elif out.for_machines:
        value = block_to_json(found, data)
        out.record(value, lines=(), quiet="")
    else:
        write_stdout(data)


@block.command("rm")
def remove(
    cid: Annotated[str, typer.Argument(metavar="CID", help="A CID, or its last characters.")],
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Remove it also where something needs it.")
    ] = False,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Remove a block from the store. What names it stays, and says that it is missing.

    A block that a job, its records or an unfinished run needs is removed only when that is
    confirmed. A block of the state is never removed.

    \b
    Example:
      meshctl block rm bafkr4i…
    """
    from mesh.cli.arguments.session import make_output, open_mesh

    out = make_output(mesh_home, output, quiet=quiet)
    with open_mesh(mesh_home) as mesh:
        found = mesh.find_block(cid)
        if not yes:
            _confirm(mesh, found, may_ask=not out.for_machines)
        mesh.remove_block(found)
    out.record({"removed": str(found)}, lines=[f"Removed {found}"], quiet="")


def _confirm(mesh: "EmbeddedMesh", cid: "Cid", *, may_ask: bool) -> None:
    """Raises CommandError for a block that something needs, if nobody says that it may go."""
    import sys

    from mesh.queries.blocks.uses import uses
    from runtime.terminal.errors import CommandError, ExitCode

    with mesh.read() as reader:
        found = uses(reader, cid)
    if not found:
        return
    needed = f"block {cid} is needed: it is {', '.join(found)}"
    if may_ask and sys.stdin.isatty() and sys.stderr.isatty():
        note(needed)
        if typer.confirm("Remove it?", default=False, err=True):
            return
    raise CommandError(
        ExitCode.FAILED,
        "block-in-use",
        needed,
        hint="nothing was removed; --yes removes it, and commands that need it then report it as "
        "missing",
        details={"cid": str(cid)},
    )
