"""Shell completion with live ids: read from the store, never driving or creating anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesh.actors.stores import View
    from mesh.core.membership.members import Members


def words(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Completion from a fixed list."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in known if word.startswith(incomplete)]

    return complete


def complete_job(incomplete: str) -> list[str]:
    """Ids of jobs in the store, newest first; nothing where there is no store."""
    return [each for each in reversed(_in_store(_job_ids)) if each.startswith(incomplete)]


def complete_node(incomplete: str) -> list[str]:
    """Node ids of the mesh."""
    from mesh.embedded.founding.default_members import NODES

    return [node.node_id for node in NODES if node.node_id.startswith(incomplete)]


def complete_type(incomplete: str) -> list[str]:
    """Resources that nodes of the mesh sell; nothing where there is no store."""
    return [each for each in _in_store(_types_sold) if each.startswith(incomplete)]


def _job_ids(view: View, members: Members) -> list[str]:
    from mesh.actors.submitter.rows import JOBS
    from mesh.embedded.founding.identities import Identities

    submitter = Identities.of(members).submitter
    return [job.job_id for job in view.rows(submitter, JOBS).select()]


def _types_sold(view: View, members: Members) -> list[str]:
    from mesh.actors.submitter.rows import PROFILES
    from mesh.core.records.archive import Archive
    from mesh.core.records.market import NodeProfile
    from mesh.embedded.founding.identities import Identities

    submitter = Identities.of(members).submitter
    archive, blocks = Archive(members.mesh), view.blocks(submitter)
    profiles = view.rows(submitter, PROFILES).select()
    rates = (archive.get(blocks, NodeProfile, row.profile).body.rates for row in profiles)
    return sorted({each for names in rates for each in names})


def _in_store(question: Callable[[View, Members], list[str]]) -> list[str]:
    """What the store of this user says; nothing where there is none, or it cannot be read."""
    from mesh.adapters.sqlite.rows.store import SqliteStore
    from mesh.core.ports.blocks import BlockError
    from mesh.core.records.archive import MissingRecord
    from mesh.embedded.founding.founded import founded_members
    from mesh.embedded.tables import TABLES
    from mesh.home.home import locate_home
    from runtime.identity.signed import RecordError
    from runtime.terminal.errors import CommandError

    # A completion that fails must not disturb the line that is being typed.
    try:
        home = locate_home(None, os.environ)
        if not home.database.exists():
            return []
        store = SqliteStore(home.database, TABLES, quota_bytes=0)
    except CommandError:
        return []
    try:
        with store.view() as view:
            members = founded_members(view, home)
            return [] if members is None else question(view, members)
    except (CommandError, BlockError, MissingRecord, RecordError):
        return []
    finally:
        store.close()
