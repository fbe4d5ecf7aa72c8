"""Shell completion with live ids: read from the store, never driving or creating anything."""

import os
from collections.abc import Callable, Sequence


def words(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Completion from a fixed list."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in known if word.startswith(incomplete)]

    return complete


def complete_job(incomplete: str) -> list[str]:
    """Ids of jobs in the store, newest first; nothing where there is no store."""
    return [each for each in reversed(_job_ids()) if each.startswith(incomplete)]


def complete_node(incomplete: str) -> list[str]:
    """Node ids of the mesh."""
    from mesh.embedded.default_members import NODES

    return [node.node_id for node in NODES if node.node_id.startswith(incomplete)]


def _job_ids() -> list[str]:
    from mesh.actors.submitter.rows import JOBS
    from mesh.adapters.sqlite_rows.store import SqliteStore
    from mesh.embedded.rows import FOUNDED, HOME
    from mesh.embedded.tables import TABLES
    from mesh.home import locate_home
    from runtime.terminal.errors import CommandError

    try:
        home = locate_home(None, os.environ)
        if not home.database.exists():
            return []
        store = SqliteStore(home.database, TABLES, quota_bytes=0)
    except CommandError:
        # A completion that fails must not disturb the line that is being typed.
        return []
    try:
        with store.view() as view:
            return [
                job.job_id
                for founded in view.rows(HOME, FOUNDED).select()
                for job in view.rows(founded.submitter, JOBS).select()
            ]
    finally:
        store.close()
