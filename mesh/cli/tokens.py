"""`meshctl tokens`: what pays for work."""

from typing import Annotated, Final

import typer

from mesh.cli.options import FormatOption, HomeOption, QuietOption, TypeOption

YEAR_SECONDS: Final = 366 * 24 * 3600

tokens = typer.Typer(
    help="""Issue resource tokens, and see what is left.

    \b
    Examples:
      meshctl tokens issue --amount 5000
      meshctl tokens balance
      meshctl tokens classes
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    app.add_typer(tokens, name="tokens")


@tokens.command("issue")
def issue(
    amount: Annotated[int, typer.Option("--amount", metavar="UNITS", help="How many units.")],
    resource_type: TypeOption = "compute",
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="DID", help="Who may spend it. [default: this identity]"),
    ] = None,
    scope: Annotated[
        str, typer.Option("--scope", metavar="SCOPE", help="For which work; empty for any.")
    ] = "",
    expires_in: Annotated[
        int,
        typer.Option(
            "--expires-in",
            metavar="SECONDS",
            help="From now. [default: a year]",
            show_default=False,
        ),
    ] = YEAR_SECONDS,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Issue a token: the local issuer signs it and credits its units.

    \b
    Examples:
      meshctl tokens issue --amount 5000
      meshctl tokens issue --amount 100 --to did:key:z6Mk… --expires-in 3600
    """
    from mesh.cli.naming import did_from
    from mesh.cli.option_values import one_of, positive
    from mesh.cli.session import found_mesh, make_output
    from mesh.local.treasury import issue_token
    from runtime.tokens.token import ResourceType

    out = make_output(mesh_home, output, quiet=quiet)
    audience = None if to is None else did_from(to, "--to")
    with found_mesh(mesh_home) as mesh:
        signed = issue_token(
            mesh,
            resource_type=one_of(ResourceType, resource_type, "--type"),
            amount=positive("--amount", amount),
            audience=audience,
            scope=scope,
            expires_at=mesh.now + expires_in,
        )
    body = signed.body
    out.record(
        {
            "token": str(signed.cid),
            "resource_type": body.resource_type.value,
            "amount": body.amount,
            "audience": body.audience,
            "issuer": body.issuer,
            "expires_at": body.expires_at,
        },
        lines=[
            f"Issued {body.amount} {body.resource_type.value} units to {body.audience}",
            f"Token: {signed.cid}",
        ],
        quiet=str(signed.cid),
    )


@tokens.command("balance")
def balance(
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show this identity's units, and the tokens that may spend them.

    \b
    Example:
      meshctl tokens balance
    """
    from mesh.cli.balance import show_balance

    show_balance(output=output, quiet=quiet, home=mesh_home)


@tokens.command("classes")
def classes(
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show the token classes that programs have issued in this identity's name, and who holds
    them.

    \b
    Example:
      meshctl tokens classes
    """
    from mesh.cli.balance import show_classes

    show_classes(output=output, quiet=quiet, home=mesh_home)
