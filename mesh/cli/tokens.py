"""`meshctl tokens` and `meshctl policy`: what pays for work, and who may spend how much."""

from typing import Annotated, Final

import typer

from mesh.cli.completion import words
from mesh.cli.jobs import RESOURCE_TYPES
from mesh.cli.options import FormatOption, HomeOption, QuietOption

RULES: Final = ("allow-all", "quota", "rate-limit", "permit-list")
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
policy = typer.Typer(
    help="""Set and show the issuer's policies.

    \b
    Examples:
      meshctl policy set quota --limit 10000
      meshctl policy show
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)

TypeOption = Annotated[
    str,
    typer.Option(
        "--type",
        metavar="|".join(RESOURCE_TYPES),
        help="Which resource.",
        autocompletion=words(RESOURCE_TYPES),
    ),
]


def register(app: typer.Typer) -> None:
    app.add_typer(tokens, name="tokens")
    app.add_typer(policy, name="policy")


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


@policy.command("set")
def set_policy(
    rule: Annotated[
        str,
        typer.Argument(metavar="|".join(RULES), help="The rule.", autocompletion=words(RULES)),
    ],
    resource_type: TypeOption = "compute",
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="UNITS", help="quota: units in all.")
    ] = None,
    amount: Annotated[
        int | None, typer.Option("--amount", metavar="UNITS", help="rate-limit: units a period.")
    ] = None,
    per_seconds: Annotated[
        int | None, typer.Option("--per-seconds", metavar="N", help="rate-limit: the period.")
    ] = None,
    burst: Annotated[
        int | None, typer.Option("--burst", metavar="UNITS", help="rate-limit: units at once.")
    ] = None,
    did: Annotated[
        list[str] | None,
        typer.Option("--did", metavar="DID", help="permit-list: who may; may be repeated."),
    ] = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Set the issuer's policy for a resource; it is checked before tokens are held.

    \b
    Examples:
      meshctl policy set quota --limit 10000
      meshctl policy set rate-limit --amount 100 --per-seconds 60 --burst 500
      meshctl policy set permit-list --did did:key:z6Mk…
      meshctl policy set allow-all
    """
    from mesh.cli.policies import Choice, run_set

    run_set(
        Choice(
            rule=rule,
            resource_type=resource_type,
            limit=limit,
            amount=amount,
            per_seconds=per_seconds,
            burst=burst,
            dids=tuple(did or ()),
        ),
        output=output,
        quiet=quiet,
        home=mesh_home,
    )


@policy.command("show")
def show_policy(
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show the policies in force, and what has been committed under them.

    \b
    Example:
      meshctl policy show
    """
    from mesh.cli.policies import run_show

    run_show(output=output, quiet=quiet, home=mesh_home)
