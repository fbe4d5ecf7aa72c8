"""All tables of a home's file: those of its actors, and of the home itself."""

from types import ModuleType
from typing import Any, Final

from mesh.actors import base, executions, faults, profiles
from mesh.actors.issuer import rows as issuer_rows
from mesh.actors.node import rows as node_rows
from mesh.actors.submitter import rows as submitter_rows
from mesh.actors.submitter.delegation import rows as delegation_rows
from mesh.actors.verifier import rows as verifier_rows
from mesh.core.ports.tables import Table
from mesh.core.settlement import books
from mesh.embedded import rows
from mesh.embedded.driving import set_aside, undelivered

_MODULES: Final = (
    base,
    books,
    delegation_rows,
    executions,
    faults,
    issuer_rows,
    node_rows,
    profiles,
    rows,
    set_aside,
    submitter_rows,
    undelivered,
    verifier_rows,
)


def _tables_in(module: ModuleType) -> list[Table[Any]]:
    return [each for each in vars(module).values() if isinstance(each, Table)]


TABLES: Final = tuple(
    {each.name: each for module in _MODULES for each in _tables_in(module)}.values()
)
