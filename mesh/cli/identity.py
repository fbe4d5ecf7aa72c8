"""`meshctl identity`: who this is, and which mesh."""

import typer

from mesh.cli.options import FormatOption, HomeOption, QuietOption

identity = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    app.add_typer(identity, name="identity")


@identity.callback()
def group() -> None:
    """The local identity and the keys of this mesh.

    \b
    Example:
      meshctl identity show
    """


@identity.command("show")
def show(
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show this identity's DID, the mesh, and whose keys are kept here.

    \b
    Example:
      meshctl identity show
    """
    from mesh.cli.output import Column, field, table
    from mesh.cli.session import make_output, open_mesh

    out = make_output(mesh_home, output, quiet=quiet)
    with open_mesh(mesh_home) as mesh:
        members = mesh.members
        keys = [("submitter", members.submitter.did), ("issuer", members.issuer.did)]
        keys += [(each.node_id, each.did) for each in (*members.nodes, *members.federation)]
        named = [{"name": name, "did": did} for name, did in keys]
        value = {
            "did": mesh.submitter.did,
            "mesh": str(members.mesh),
            "home": str(mesh.home.path),
            "keys": named,
        }
    columns = (
        Column(title="Key", text=field("name"), width=16),
        Column(title="DID", text=field("did")),
    )
    text = (
        f"DID:  {value['did']}\nMesh: {value['mesh']}\nHome: {value['home']}\n\n"
        f"{table(named, columns)}"
    )
    out.record(value, text=text, quiet=str(value["did"]))
