"""The commands of the three apps, as they are built for users."""

from collections.abc import Iterator

from typer._click import Command
from typer.core import TyperGroup

from ccl.cli.ccl import app as ccl
from ccl.cli.cclc import app as cclc
from mesh.cli.app import COMMANDS, root
from runtime.terminal.command_line import command_line

LINES = {
    "ccl": command_line(ccl),
    "cclc": command_line(cclc),
    "meshctl": command_line(root(), COMMANDS),
}


def commands_of(group: TyperGroup, before: str = "") -> Iterator[tuple[str, Command]]:
    """The words of each command (`block put`) with it."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands_of(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command
