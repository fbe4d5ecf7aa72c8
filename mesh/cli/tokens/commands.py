"""`meshctl tokens`: what pays for work."""

from pathlib import Path
from typing import Annotated

import typer

from mesh.cli.arguments.options import (
    YEAR_SECONDS,
    FormatOption,
    HomeOption,
    QuietOption,
    ReasonOption,
    ScopeOption,
    TypeOption,
    YearOption,
)

tokens = typer.Typer(
    help="""Issue resource tokens, hand them on, and see what is left.

    \b
    Examples:
      meshctl tokens issue --amount 5000
      meshctl tokens balance
      meshctl tokens allocate care/homes 500
      meshctl tokens classes
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)

ExpiryOption = Annotated[
    int | None,
    typer.Option("--expires-in", metavar="SECONDS", help="From now. [default: as its parent]"),
]
TokenArgument = Annotated[
    str,
    typer.Argument(metavar="TOKEN", help="The token: its CID, or the last 4 or more characters."),
]


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
    scope: ScopeOption = "",
    expires_in: YearOption = YEAR_SECONDS,
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
    from mesh.cli.arguments.naming import did_from
    from mesh.cli.arguments.session import found_mesh, make_output
    from mesh.cli.arguments.values import one_of, positive
    from mesh.embedded.commands.treasury import issue_token
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

    A token is usable, exhausted, expired, revoked, or foreign: made out to another member. One
    with a scope pays for jobs of that scope alone.

    \b
    Example:
      meshctl tokens balance
    """
    from mesh.cli.tokens.balance import show_balance

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
    from mesh.cli.tokens.balance import show_classes

    show_classes(output=output, quiet=quiet, home=mesh_home)


@tokens.command("delegate")
def delegate(
    to: Annotated[str, typer.Option("--to", metavar="DID", help="Who may spend it.")],
    amount: Annotated[int, typer.Option("--amount", metavar="UNITS", help="How many units.")],
    file: Annotated[
        Path,
        typer.Option("--output", metavar="FILE", readable=False, help="Write the token here."),
    ],
    resource_type: TypeOption = "compute",
    scope: ScopeOption = "",
    token: Annotated[
        str | None,
        typer.Option(
            "--token", metavar="TOKEN", help="Of which token. [default: the one that would pay]"
        ),
    ] = None,
    expires_in: ExpiryOption = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Hand a part of a token on to another member; both may spend it until one has.

    The file holds the token and its parents; the other member takes it in with
    `meshctl tokens receive`.

    \b
    Example:
      meshctl tokens delegate --to did:key:z6Mk… --amount 100 --output token.car
    """
    from mesh.cli.tokens.handing_on import Handing, run_delegate

    given = Handing(
        resource_type=resource_type,
        amount=amount,
        to=to,
        scope=scope,
        token=token,
        expires_in=expires_in,
    )
    run_delegate(given, file, output=output, quiet=quiet, home=mesh_home)


@tokens.command("allocate")
def allocate(
    scope: Annotated[
        str, typer.Argument(metavar="SCOPE", help="For which work, for example care/homes.")
    ],
    amount: Annotated[int, typer.Argument(metavar="AMOUNT", help="How many units.")],
    resource_type: TypeOption = "compute",
    expires_in: ExpiryOption = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Set a part of a token aside for some work: only jobs of this scope spend it.

    What is not spent is given back by `meshctl tokens revoke`.

    \b
    Examples:
      meshctl tokens allocate care/homes 500
      meshctl submit-job --wasm count.wasm --resource-amount 100 --scope care/homes
    """
    from mesh.cli.tokens.handing_on import Handing, run_allocate

    given = Handing(
        resource_type=resource_type,
        amount=amount,
        to=None,
        scope=scope,
        token=None,
        expires_in=expires_in,
    )
    run_allocate(given, output=output, quiet=quiet, home=mesh_home)


@tokens.command("receive")
def receive(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", readable=False, help="The token's file, - for stdin.")
    ],
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Take in a token that another member has delegated to this identity.

    \b
    Example:
      meshctl tokens receive token.car
    """
    from mesh.cli.tokens.handing_on import run_receive

    run_receive(file, output=output, quiet=quiet, home=mesh_home)


@tokens.command("revoke")
def revoke(
    token: TokenArgument,
    reason: ReasonOption = "withdrawn by its signer",
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Take a token back, with all that was handed on from it; what is held stays held.

    \b
    Example:
      meshctl tokens revoke h4yq7m
    """
    from mesh.cli.tokens.handing_on import run_revoke

    run_revoke(token, reason, output=output, quiet=quiet, home=mesh_home)


@tokens.command("history")
def history(
    token: TokenArgument,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show what was held and paid with a token, and with those handed on from it.

    \b
    Example:
      meshctl tokens history h4yq7m
    """
    from mesh.cli.tokens.handing_on import run_history

    run_history(token, output=output, quiet=quiet, home=mesh_home)
