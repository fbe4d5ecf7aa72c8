"""The members of a home's mesh, as its store keeps them.

Rule: a store that lost its mesh, or the first records of it, is named; nothing is founded over it.
"""

from typing import Final

from mesh.actors.actor import ActorTransaction
from mesh.actors.stores import View
from mesh.core.membership.founding import Founding
from mesh.core.membership.members import Members
from mesh.core.records.archive import Archive, MissingRecord
from mesh.core.records.membership import Genesis, Membership
from mesh.embedded.rows import FOUNDED, HOME, FoundedRow
from mesh.home.home import Home, remembered_mesh
from mesh.queries.reader import invalid_record, missing_block
from runtime.identity.signed import RecordError
from runtime.terminal.errors import CommandError, ExitCode

_ONLY: Final = 1


def founded_members(view: View, home: Home) -> Members | None:
    """The members of the mesh in a store; None before it is founded.

    Raises CommandError `mesh-lost` for the home of a mesh whose store holds none, and `block-…` or
    `record-invalid` where its first records are damaged.
    """
    row = view.rows(HOME, FOUNDED).get(_ONLY)
    if row is None:
        lost = remembered_mesh(home)
        if lost is None:
            return None
        raise CommandError(
            ExitCode.IDENTITY,
            "mesh-lost",
            f"{home.path} is the home of mesh {lost}, but {home.database} does not hold it",
            hint="restore the database from a copy, or found another mesh: name a new MESH_HOME",
        )
    blocks = view.blocks(HOME)
    try:
        return Members(
            genesis=Archive(None).get(blocks, Genesis, row.genesis),
            change=Archive(row.genesis).get(blocks, Membership, row.change),
        )
    except (MissingRecord, RecordError, CommandError) as error:
        raise _damaged(row, home, error) from None


def keep_members(tx: ActorTransaction, founding: Founding) -> None:
    """Keep the first records of the mesh."""
    for each in (founding.genesis, founding.change):
        tx.blocks.put(each.cid, each.block)
    tx.rows(FOUNDED).put(
        FoundedRow(only=_ONLY, genesis=founding.genesis.cid, change=founding.change.cid)
    )


def _damaged(row: FoundedRow, home: Home, error: Exception) -> CommandError:
    """The error of first records that are missing or not what they were."""
    match error:
        case CommandError():
            problem = error
        case MissingRecord():
            problem = missing_block(error.cid, error.kind)
        case RecordError():
            problem = invalid_record(Genesis, row.genesis, error)
        case _:
            raise AssertionError(error)
    problem.message = f"the genesis record of the mesh: {problem.message}"
    problem.hint = f"restore {home.database} from a copy, or found another with MESH_HOME"
    return problem
