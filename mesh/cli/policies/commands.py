"""`meshctl policy`: who may spend how much."""

from typing import Annotated

import typer

from mesh.cli.arguments.completion import words
from mesh.cli.arguments.options import (
    FormatOption,
    HomeOption,
    QuietOption,
    ScopeOption,
    TypeOption,
)
from mesh.cli.policies.rule_names import RULES

policy = typer.Typer(
    help="""Set, show and explain the issuer's policies.

    \b
    Examples:
      meshctl policy set quota --limit 10000
      meshctl policy show
      meshctl policy explain --amount 500
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    app.add_typer(policy, name="policy")


@policy.command("set")
def set_policy(
    rule: Annotated[
        str,
        typer.Argument(
            metavar="|".join((*RULES, "TEXT")),
            help="The rule: its kind, or all of it in words.",
            autocompletion=words(RULES),
        ),
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
    scope: ScopeOption = "",
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Set the issuer's policy for a resource; it is checked before tokens are held.

    With --scope it is for that work and for what is within it; all policies that apply have to
    allow an amount. What was committed under the policy before still counts.

    \b
    A rule in words is one of these, as `meshctl policy show` prints them:
      allow all
      nobody
      only DID, DID
      quota 500 each
      10 per 60 s, at most 50 at once
      all of (RULE; RULE)   what every one of them allows
      any of (RULE; RULE)   what at least one allows; the first that does is used

    \b
    Examples:
      meshctl policy set quota --limit 10000
      meshctl policy set rate-limit --amount 100 --per-seconds 60 --burst 500
      meshctl policy set permit-list --did did:key:z6Mk…
      meshctl policy set quota --limit 500 --scope care/homes
      meshctl policy set allow-all
      meshctl policy set "all of (quota 10000 each; 100 per 60 s, at most 500 at once)"
    """
    from mesh.cli.policies.setting import Choice, run_set

    run_set(
        Choice(
            rule=rule,
            resource_type=resource_type,
            scope=scope,
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
    from mesh.cli.policies.setting import run_show

    run_show(output=output, quiet=quiet, home=mesh_home)


@policy.command("explain")
def explain_policy(
    amount: Annotated[int, typer.Option("--amount", metavar="UNITS", help="How many units.")],
    subject: Annotated[
        str | None,
        typer.Option("--subject", metavar="DID", help="Whose job. [default: this identity]"),
    ] = None,
    resource_type: TypeOption = "compute",
    scope: ScopeOption = "",
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Say whether an amount would be allowed now, by which rule and version, and why.

    \b
    Examples:
      meshctl policy explain --amount 500
      meshctl policy explain --amount 500 --subject did:key:z6Mk… -o json
    """
    from mesh.cli.policies.explaining import Question, run_explain

    run_explain(
        Question(subject=subject, amount=amount, resource_type=resource_type, scope=scope),
        output=output,
        quiet=quiet,
        home=mesh_home,
    )
