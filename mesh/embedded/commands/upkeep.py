"""Upkeep of a home: its checks, repair, messages to be tried again, and pruning.

Rule: what is wrong is reported before anything of it is mended, and mended only when asked for.
"""

from typing import TYPE_CHECKING, Final

from mesh.embedded.driving.set_aside import SET_ASIDE, SetAsideRow, try_again
from mesh.embedded.driving.turns import OpenTurn
from mesh.embedded.rows import HOME
from mesh.queries.audit.repair import Repaired, repair_home
from mesh.queries.reader import Reader
from mesh.queries.upkeep.doctor import (
    Check,
    Examined,
    FailedDelivery,
    State,
    examine,
    examine_sandbox,
)
from mesh.queries.upkeep.prune import Pruned, prune
from runtime.terminal.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from mesh.embedded.mesh import EmbeddedMesh

TURNS_MAX: Final = 100
"""In so many turns all that was sent is delivered, unless others keep sending."""


def examine_home(mesh: "EmbeddedMesh", *, execute: bool) -> tuple[Check, ...]:
    """All checks, in order; `execute` starts workers and runs known modules in them."""
    keys = _keys(mesh)
    found = keys + examine(
        mesh.store,
        mesh.read,
        failed_deliveries,
        Examined(
            place=mesh.home.path,
            keys=mesh.home.keys,
            file=mesh.home.database.name,
            is_read_only=mesh.store.is_read_only,
            quota_bytes=mesh.config.block_store_bytes,
            engine=mesh.engine,
            retry="meshctl doctor --retry {}",
        ),
    )
    if not execute:
        return found

    def measured() -> int:
        mesh.measure()
        return mesh.fuel_per_second

    return (*found, *examine_sandbox(mesh.sandbox, measured))


def _keys(mesh: "EmbeddedMesh") -> tuple[Check, ...]:
    """What is wrong with the keys of the members."""
    try:
        _ = mesh.actors
    except CommandError as problem:
        return (Check(name="keys", state=State.WRONG, text=problem.message, remedy=problem.hint),)
    return ()


def repair(mesh: "EmbeddedMesh") -> Repaired:
    """Write anew what signed records and histories lead to. Raises CommandError `store-…`."""
    return repair_home(mesh.store, mesh.archive, mesh.members, mesh.clock())


def retry(mesh: "EmbeddedMesh", number: int) -> None:
    """Have an actor take in once more what it could not. Raises CommandError `not-set-aside`, and
    `failed-again` with the exception's line."""
    before = {row.number for row in _rows(mesh)}
    tried = mesh.commands(lambda opened: try_again(opened.turn, number))
    if not tried and number in before:
        raise CommandError(
            ExitCode.NOT_FOUND,
            "not-set-aside",
            f"{number} is no message: a tick is tried again by itself",
            hint="meshctl doctor --repair asks for work anew whose result failed",
        )
    if not tried:
        raise CommandError(
            ExitCode.NOT_FOUND,
            "not-set-aside",
            f"no message {number} was set aside",
            hint="meshctl doctor lists those that were",
        )
    mesh.settle()
    again = [row for row in _rows(mesh) if row.number not in before]
    if again:
        raise CommandError(
            ExitCode.FAILED,
            "failed-again",
            f"the message was set aside once more: {again[-1].error}",
            hint=f"meshctl doctor --retry {again[-1].number}, with a later version of icn-ccl",
        )


def prune_home(mesh: "EmbeddedMesh", *, before: int, is_tried: bool) -> Pruned:
    """Remove what no proof needs of jobs that ended before a time (Unix seconds), and make the file
    as small as what is left allows. is_tried: only count. Raises CommandError `home-busy` while
    members have not heard each other out."""

    def step(opened: OpenTurn) -> Pruned | None:
        if not opened.settle().is_silent:
            return None
        return prune(opened.turn, mesh.archive, mesh.members, before=before, is_tried=is_tried)

    for _ in range(TURNS_MAX):
        pruned = mesh.commands(step)
        if pruned is not None:
            if not is_tried:
                mesh.compact()
            return pruned
    raise CommandError(
        ExitCode.FAILED,
        "home-busy",
        "members of this mesh have messages to each other that are not delivered yet",
        hint="once the jobs under way have ended: meshctl prune",
    )


def failed_deliveries(reader: Reader) -> tuple[FailedDelivery, ...]:
    """What actors of this home could not take in, oldest first."""
    return tuple(
        FailedDelivery(
            number=row.number,
            member=reader.members.name(row.concerns),
            event=row.event.value,
            error=row.error,
            at=row.at,
        )
        for row in reader.view.rows(HOME, SET_ASIDE).select()
    )


def _rows(mesh: "EmbeddedMesh") -> tuple[SetAsideRow, ...]:
    with mesh.read() as reader:
        return tuple(reader.view.rows(HOME, SET_ASIDE).select())
