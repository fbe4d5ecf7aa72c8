"""`meshctl identity`: who this is, and which mesh."""

from typing import Annotated

import typer

from mesh.cli.arguments.options import (
    YEAR_SECONDS,
    FormatOption,
    HomeOption,
    QuietOption,
    ReasonOption,
    YearOption,
)

identity = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    app.add_typer(identity, name="identity")


@identity.callback()
def group() -> None:
    """The local identity, its roles, and the keys of this mesh.

    \b
    Examples:
      meshctl identity show
      meshctl identity grant treasurer
    """


@identity.command("grant")
def grant(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="The role, as programs name it.")],
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="DID", help="Who holds it. [default: this identity]"),
    ] = None,
    expires_in: YearOption = YEAR_SECONDS,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Grant a role: the local issuer signs a credential, which programs see as `roles`.

    \b
    Examples:
      meshctl identity grant treasurer
      meshctl identity grant member --to did:key:z6Mk… --expires-in 86400
    """
    from mesh.cli.arguments.naming import did_from
    from mesh.cli.arguments.session import found_mesh, make_output
    from mesh.embedded.commands.treasury import grant_role

    out = make_output(mesh_home, output, quiet=quiet)
    named = None if to is None else did_from(to, "--to")
    with found_mesh(mesh_home) as mesh:
        subject = named or mesh.owner
        expires_at = mesh.now + expires_in
        cid = grant_role(mesh, name=role, subject=subject, expires_at=expires_at)
    out.record(
        {"role": role, "subject": subject, "credential": str(cid), "expires_at": expires_at},
        lines=[f"Granted {role} to {subject}", f"Credential: {cid}"],
        quiet=str(cid),
    )


@identity.command("withdraw")
def withdraw(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="The role.")],
    of: Annotated[
        str | None,
        typer.Option("--of", metavar="DID", help="Who holds it. [default: this identity]"),
    ] = None,
    reason: ReasonOption = "",
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Withdraw a role: its credentials are revoked.

    \b
    Example:
      meshctl identity withdraw treasurer --reason "term is over"
    """
    from mesh.cli.arguments.naming import did_from
    from mesh.cli.arguments.session import make_output, open_mesh
    from mesh.embedded.commands.treasury import withdraw_role

    out = make_output(mesh_home, output, quiet=quiet)
    named = None if of is None else did_from(of, "--of")
    with open_mesh(mesh_home) as mesh:
        subject = named or mesh.owner
        revoked = withdraw_role(mesh, name=role, subject=subject, reason=reason)
    cids = [str(cid) for cid in revoked]
    out.record(
        {"role": role, "subject": subject, "revoked": cids},
        lines=[f"Withdrew {role} from {subject}"],
        quiet="\n".join(cids),
    )


@identity.command("roles")
def roles(
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """List the roles that were granted in this mesh.

    \b
    Example:
      meshctl identity roles
    """
    from mesh.cli.arguments.session import make_output, open_mesh
    from mesh.cli.output.describing import local_time
    from mesh.cli.output.formats import Column, field
    from mesh.queries.accounts.credentials import credentials

    out = make_output(mesh_home, output, quiet=quiet)
    with open_mesh(mesh_home) as mesh, mesh.read() as reader:
        rows = [
            {
                "role": each.name,
                "subject": each.subject,
                "state": "withdrawn"
                if each.is_revoked
                else "expired"
                if each.is_expired
                else "held",
                "expires_at": each.expires_at,
                "credential": str(each.cid),
            }
            for each in credentials(reader)
        ]
    rows.sort(key=lambda row: (str(row["role"]), str(row["subject"])))
    columns = (
        Column(title="Role", text=field("role"), width=16),
        Column(title="State", text=field("state"), width=10),
        Column(title="Until", text=lambda row: local_time(row["expires_at"])),
        Column(title="Holder", text=field("subject")),
    )
    out.rows("roles", rows, columns, quiet="role", empty="No role was granted")


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
    from mesh.cli.arguments.session import found_mesh, make_output
    from mesh.cli.output.formats import Column, field, table
    from mesh.core.records.membership import Role

    out = make_output(mesh_home, output, quiet=quiet)
    with found_mesh(mesh_home) as mesh:
        members = mesh.members
        in_order = (Role.SUBMITTER, Role.ISSUER, Role.NODE, Role.VERIFIER)
        keys = [
            (each.name, each.member)
            for role in in_order
            for each in members.with_role(role, mesh.now)
        ]
        named = [{"name": name, "did": did} for name, did in keys]
        value = {
            "did": mesh.owner,
            "mesh": str(members.mesh),
            "home": str(mesh.home.path),
            "keys": named,
        }
    columns = (
        Column(title="Key", text=field("name"), width=16),
        Column(title="DID", text=field("did")),
    )
    lines = [
        f"DID:  {value['did']}",
        f"Mesh: {value['mesh']}",
        f"Home: {value['home']}",
        "",
        *table(named, columns),
    ]
    out.record(value, lines=lines, quiet=str(value["did"]))
