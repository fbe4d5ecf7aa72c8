"""Every command of `meshctl` is in the table under its module, and so is found when it is named."""

from importlib import import_module
from pathlib import Path

import pytest
import typer

import mesh.cli
from mesh.cli.app import COMMANDS, MODULES

FOLDER = Path(mesh.cli.__file__).parent


@pytest.mark.parametrize(
    "module",
    sorted(
        ".".join(path.relative_to(FOLDER).with_suffix("").parts)
        for path in FOLDER.rglob("*.py")
        if "def register" in path.read_text()
    ),
)
def test_each_module_registers_what_the_table_says(module: str) -> None:
    app = typer.Typer()
    import_module(f"mesh.cli.{module}").register(app)
    groups = [group.name for group in app.registered_groups]
    assert MODULES[module] == tuple([each.name for each in app.registered_commands] + groups)


def test_no_module_is_named_that_is_not_there() -> None:
    assert all((FOLDER / f"{module.replace('.', '/')}.py").exists() for module in MODULES)
    assert len(COMMANDS) == sum(map(len, MODULES.values()))
