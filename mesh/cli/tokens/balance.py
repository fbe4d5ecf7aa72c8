"""`meshctl tokens balance`: accounts, and the tokens that may draw on them."""

from pathlib import Path
from typing import Any

from mesh.cli.arguments.session import make_output, open_mesh
from mesh.cli.output.describing import local_time
from mesh.cli.output.formats import Column, field, table
from mesh.queries.accounts.balances import TokenView, accounts, tokens
from mesh.queries.accounts.owner_view import register_view

_ACCOUNTS = (
    Column(title="Resource", text=field("resource_type"), width=12),
    Column(title="Available", text=field("available"), width=12),
    Column(title="Held", text=field("held"), width=10),
    Column(title="Issuer", text=field("issuer")),
)
_CLASSES = (
    Column(title="Class", text=field("class"), width=16),
    Column(title="Units", text=field("units"), width=12),
    Column(title="Holder", text=field("holder")),
)
_TOKENS = (
    Column(title="Resource", text=field("resource_type"), width=12),
    Column(title="Left", text=field("remaining"), width=12),
    Column(title="State", text=field("state"), width=10),
    Column(title="Scope", text=lambda row: row["scope"] or "-", width=8),
    Column(title="Expires", text=lambda row: local_time(row["expires_at"])),
    Column(title="Token", text=field("token")),
)


def show_balance(*, output: str | None, quiet: bool, home: Path | None) -> None:
    """Print accounts and tokens."""
    out = make_output(home, output, quiet=quiet)
    with open_mesh(home) as mesh, mesh.read() as reader:
        held = [
            {
                "resource_type": each.unit,
                "available": each.available,
                "held": each.held,
                "issuer": each.issuer,
            }
            for each in accounts(reader)
        ]
        rows = [_token_row(each) for each in tokens(reader)]
        owner = mesh.owner
    lines = [*table(held, _ACCOUNTS), "", *table(rows, _TOKENS)]
    short = "\n".join(f"{row['available']} {row['resource_type']}" for row in held)
    out.record({"did": owner, "accounts": held, "tokens": rows}, lines=lines, quiet=short)


def show_classes(*, output: str | None, quiet: bool, home: Path | None) -> None:
    """Print who holds what of the classes of one's own issue."""
    out = make_output(home, output, quiet=quiet)
    with open_mesh(home) as mesh, mesh.read() as reader:
        register = register_view(reader)
    rows = [
        {"class": name, "holder": holder, "units": units}
        for name, holders in sorted(register.items())
        for holder, units in sorted(holders.items(), key=lambda each: (-each[1], each[0]))
    ]
    out.rows("classes", rows, _CLASSES, quiet="class", empty="No program has issued a token class")


def _token_row(view: TokenView) -> dict[str, Any]:
    state = "usable"
    if view.left == 0:
        state = "exhausted"
    if not view.is_ours:
        state = "foreign"
    if view.is_expired:
        state = "expired"
    if view.is_revoked:
        state = "revoked"
    return {
        "token": str(view.cid),
        "resource_type": view.token.resource_type.value,
        "amount": view.token.amount,
        "remaining": view.left,
        "state": state,
        "audience": view.token.audience,
        "scope": view.token.scope,
        "expires_at": view.token.expires_at,
    }
