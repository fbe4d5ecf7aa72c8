"""`meshctl tokens delegate`, `allocate`, `receive`, `revoke` and `history`."""

from pathlib import Path
from typing import Any

from msgspec import Struct

from mesh.cli.arguments.files import CAR_BYTES_MAX, open_seekable
from mesh.cli.arguments.naming import did_from, find_token
from mesh.cli.arguments.session import make_output, open_mesh
from mesh.cli.arguments.values import one_of, positive
from mesh.cli.output.describing import local_time
from mesh.cli.output.formats import Column, field
from mesh.cli.output.writing import check_writable, write_parts
from mesh.core.car.files import CarError, car_parts, open_car
from mesh.embedded.commands.treasury import (
    Chain,
    Part,
    allocate,
    hand_on,
    receive,
    revoke,
)
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.accounts.token_history import Draw, token_history
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.token import ResourceType

_DRAWS = (
    Column(title="Time", text=lambda row: local_time(row["at"]), width=25),
    Column(title="Held", text=field("amount"), width=9),
    Column(title="Paid", text=field("paid"), width=9),
    Column(title="State", text=field("state"), width=10),
    Column(title="Job", text=field("job_id")),
)


class Handing(Struct, frozen=True, kw_only=True):
    """The options of `delegate` and `allocate` as they were typed."""

    resource_type: str
    amount: int
    to: str | None
    scope: str
    token: str | None
    expires_in: int | None


def run_delegate(
    given: Handing, file: Path, *, output: str | None, quiet: bool, home: Path | None
) -> None:
    """Carry out `tokens delegate`."""
    out = make_output(home, output, quiet=quiet)
    check_writable(file)
    with open_mesh(home) as mesh:
        chain = hand_on(mesh, _part(mesh, given))
    leaf = chain[0]
    write_parts(file, car_parts((leaf.cid,), [(link.cid, link.block) for link in chain]))
    out.record(
        _value(chain),
        lines=[
            f"Delegated {leaf.body.amount} {leaf.body.resource_type.value} units to "
            f"{leaf.body.audience}",
            f"Token: {leaf.cid}",
            f"File: {file}",
        ],
        quiet=str(leaf.cid),
    )


def run_allocate(given: Handing, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """Carry out `tokens allocate`."""
    out = make_output(home, output, quiet=quiet)
    if not given.scope:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "SCOPE is empty, expected the work that the units are set aside for",
            hint="for example: meshctl tokens allocate care/homes 500",
        )
    with open_mesh(home) as mesh:
        chain = allocate(mesh, _part(mesh, given))
    body = chain[0].body
    out.record(
        _value(chain),
        lines=[
            f"Set aside {body.amount} {body.resource_type.value} units for {body.scope}",
            f"Token: {chain[0].cid}",
        ],
        quiet=str(chain[0].cid),
    )


def run_receive(file: Path, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """Carry out `tokens receive`."""
    out = make_output(home, output, quiet=quiet)
    try:
        with open_seekable(file, noun="token file", bytes_max=CAR_BYTES_MAX) as source:
            car = open_car(source)
            if len(car.roots) != 1:
                raise CarError(f"{len(car.roots)} roots, a token file has one", 0)
            with open_mesh(home) as mesh:
                chain = receive(mesh, car.roots[0], car.get)
    except CarError as error:
        raise CommandError(
            ExitCode.USAGE,
            "car-malformed",
            f"{file}: {error}",
            hint="copy the file again; `meshctl tokens delegate` makes one",
        ) from None
    body = chain[0].body
    out.record(
        _value(chain),
        lines=[
            f"Received {body.amount} {body.resource_type.value} units",
            f"Token: {chain[0].cid}",
        ],
        quiet=str(chain[0].cid),
    )


def run_revoke(
    token: str, reason: str, *, output: str | None, quiet: bool, home: Path | None
) -> None:
    """Carry out `tokens revoke`."""
    out = make_output(home, output, quiet=quiet)
    with open_mesh(home) as mesh:
        cid = find_token(mesh, token)
        revocation = revoke(mesh, cid, reason)
    out.record(
        {"token": str(cid), "revocation": str(revocation), "reason": reason},
        lines=[f"Token {cid} revoked"],
        quiet=str(revocation),
    )


def run_history(token: str, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """Carry out `tokens history`."""
    out = make_output(home, output, quiet=quiet)
    with open_mesh(home) as mesh:
        cid = find_token(mesh, token)
        with mesh.read() as reader:
            rows = [_draw(each) for each in token_history(reader, cid)]
    out.rows("draws", rows, _DRAWS, quiet="hold", empty="Nothing has been drawn on this token")


def _draw(draw: Draw) -> dict[str, Any]:
    hold = draw.hold
    return {
        "hold": hold.id.hex(),
        "job_id": draw.job_id,
        "at": hold.created_at,
        "amount": hold.amount,
        "paid": draw.paid,
        "state": hold.state.value,
    }


def _part(mesh: EmbeddedMesh, given: Handing) -> Part:
    expires = given.expires_in
    return Part(
        resource_type=one_of(ResourceType, given.resource_type, "--type"),
        amount=positive("AMOUNT" if given.to is None else "--amount", given.amount),
        audience=mesh.owner if given.to is None else did_from(given.to, "--to"),
        scope=given.scope,
        source=None if given.token is None else find_token(mesh, given.token),
        expires_at=None if expires is None else mesh.now + positive("--expires-in", expires),
    )


def _value(chain: Chain) -> dict[str, Any]:
    body = chain[0].body
    return {
        "token": str(chain[0].cid),
        "parent": None if body.parent is None else str(body.parent),
        "resource_type": body.resource_type.value,
        "amount": body.amount,
        "scope": body.scope,
        "audience": body.audience,
        "expires_at": body.expires_at,
    }
