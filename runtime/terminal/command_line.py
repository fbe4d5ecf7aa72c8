"""The command line of an app, each of whose commands is built when it is looked up.

Rule: a command pays for its own options alone. Building those of all the others, and loading the
modules that they are in, takes as long as a short command does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from typer import Typer
from typer._types import TyperChoice
from typer.core import TyperGroup, TyperOption
from typer.main import get_command, get_command_name, get_group
from typer.models import TyperPath

from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import Color

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from typer._click import Command, Context
    from typer.models import CommandInfo, TyperInfo

    Makers = Mapping[str, Callable[[], Command]]

Load = Callable[[], Typer]
"""Loads the app that a command is registered in."""

_OF_A_FILE: Final = re.compile(r"\b(FILE|PATH|DIR)\b")
"""Marks a parameter as a file, in the name of its value."""
COLOR_OPTION: Final = "--color"
NONE: Final[Mapping[str, Load]] = {}


def command_line(app: Typer, elsewhere: Mapping[str, Load] = NONE) -> TyperGroup:
    """Builds the commands and groups of an app with a callback, then those of other apps by
    name."""
    line = get_command(_part(app))
    assert isinstance(line, TyperGroup), "an app with a callback is a group"
    others = {name: partial(_of, name, load) for name, load in elsewhere.items()}
    return _with(line, {**_makers(app), **others})


def _makers(app: Typer) -> Makers:
    commands = {_name(info): partial(_command, app, info) for info in app.registered_commands}
    groups = {str(info.name): partial(_group, info) for info in app.registered_groups}
    return {**commands, **groups}


def _of(name: str, load: Load) -> Command:
    return _makers(load())[name]()


def _command(app: Typer, info: CommandInfo) -> Command:
    (command,) = get_group(_part(app, info)).commands.values()
    for parameter in command.params:
        if isinstance(parameter.type, TyperPath) or _OF_A_FILE.search(parameter.metavar or ""):
            parameter.callback = partial(_not_empty, parameter.callback)
        if parameter.metavar is None and "range" in parameter.type.name:
            # The library would name it by its type.
            parameter.metavar = "NUMBER"
    command.params.append(_color_option())
    return command


def _not_empty(
    then: Callable[..., Any] | None, context: Context, parameter: Any, value: Any
) -> Any:
    """Refuses an empty path, which would mean the current folder: most often it is an unset
    variable of the shell."""
    if "" in (value if isinstance(value, (list, tuple)) else (value,)):
        name = parameter.get_error_hint(context).strip("[].").replace("'", "")
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"{name} is empty, expected a path",
            hint="the current folder is `.`; in a shell, a variable that is not set is empty",
        )
    return value if then is None else then(context, parameter, value)


def _group(info: TyperInfo) -> Command:
    assert info.typer_instance is not None, "our groups are apps"
    group = get_group(_part(info.typer_instance))
    group.name = info.name
    return _with(group, _makers(info.typer_instance))


def _with(group: TyperGroup, makers: Makers) -> TyperGroup:
    # The library never adds or removes commands, so the mapping need not be mutable.
    group.params.append(_color_option())
    group.commands = cast("MutableMapping[str, Command]", _OnDemand(makers))
    return group


def _color_option() -> TyperOption:
    """Makes the option of colours, which every command has, before and after its name. Its value is
    read from the arguments (`runtime.terminal.boundary.arguments`), since errors are shown before
    they are parsed."""
    return TyperOption(
        param_decls=[COLOR_OPTION],
        type=TyperChoice([each.value for each in Color]),
        metavar="WHEN",
        default=Color.AUTO.value,
        expose_value=False,
        help="Colours: auto, always or never; overrides NO_COLOR and FORCE_COLOR.",
    )


def _part(app: Typer, *commands: CommandInfo) -> Typer:
    """Copies the app with these commands alone."""
    part = copy(app)
    part.registered_commands, part.registered_groups = list(commands), []
    return part


def _name(info: CommandInfo) -> str:
    assert info.callback is not None, "a command is a function"
    return info.name or get_command_name(info.callback.__name__)


class _OnDemand(Mapping[str, "Command"]):
    """Commands by name, in their order; each is made when it is first looked up, and kept."""

    def __init__(self, makers: Makers) -> None:
        self._makers = makers
        self._made: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
