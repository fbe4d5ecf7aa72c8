"""A store notices that another has committed to the same file, however it looks at it meanwhile."""

from pathlib import Path

from msgspec import Struct

from mesh.actors.actor import Instant, Now
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.core.ports.tables import Table
from runtime.content.did import Did

ANNE = Did("did:test:anne")
NOW = Now(wall=1_700_000_000, monotonic=Instant(0), boot="boot")


class Note(Struct, frozen=True, kw_only=True):
    number: int


NOTES = Table(name="notes", row=Note, key=("number",))


def opened(path: Path) -> SqliteStore:
    return SqliteStore(path, (NOTES,), quota_bytes=1 << 20)


def write(store: SqliteStore, number: int) -> None:
    with store.turn(NOW) as turn, turn.delivery(ANNE) as tx:
        tx.rows(NOTES).put(Note(number=number))


def test_foreign_commit_is_noticed_once_and_own_commits_never(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    one, other = opened(path), opened(path)
    one.has_changed()
    write(one, 1)
    assert not one.has_changed()
    write(other, 2)
    assert one.has_changed()
    assert not one.has_changed()
    one.close()
    other.close()


def test_foreign_commit_that_a_turn_has_seen_is_still_noticed(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    one, other = opened(path), opened(path)
    one.has_changed()
    write(other, 2)
    write(one, 3)
    with one.view() as view:
        assert view.rows(ANNE, NOTES).count() == 2
    assert one.has_changed(), "what a turn has seen, its driver has not"
    one.close()
    other.close()
