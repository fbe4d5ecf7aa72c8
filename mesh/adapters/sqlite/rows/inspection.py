"""Inspection of a file of actors: the sum of its blocks, who holds them, rows that cannot be read.

Rule: what is found here cannot be seen through the ports, which show sound rows of held blocks
alone. A block that nobody holds goes to those whose rows or blocks name it, else it is removed.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from mesh.adapters.rows.layout import Layout
from mesh.adapters.sqlite.file.connection import Database
from mesh.adapters.sqlite.rows.schema import names, quoted
from runtime.content.cid import Cid


class BlockSums(Struct, frozen=True, kw_only=True):
    """stated: bytes by the total that quotas count; summed: of the blocks themselves. unheld:
    blocks of no actor. dangling: how many rows say that an actor holds a block that is not here."""

    stated: int
    summed: int
    unheld: tuple[Cid, ...]
    dangling: int


class UnreadableRow(Struct, frozen=True, kw_only=True):
    """A row that is none of its table. place: its values of the key."""

    table: str
    place: tuple[object, ...]
    reason: str


class Inspection:
    """One file, within a transaction of its store."""

    def __init__(self, database: Database, layouts: Iterable[Layout]) -> None:
        self._run = database.connection.execute
        self._layouts = tuple(layouts)

    def block_sums(self) -> BlockSums:
        (stated,) = self._run("SELECT bytes FROM block_total").fetchone()
        (summed,) = self._run("SELECT ifnull(sum(length(data)), 0) FROM blocks").fetchone()
        unheld = self._run(
            "SELECT cid FROM blocks WHERE number NOT IN (SELECT block FROM held) ORDER BY cid"
        ).fetchall()
        (dangling,) = self._run(
            "SELECT count(*) FROM held WHERE block NOT IN (SELECT number FROM blocks)"
            " OR actor NOT IN (SELECT number FROM actors)"
        ).fetchone()
        return BlockSums(
            stated=stated,
            summed=summed,
            unheld=tuple(Cid(raw) for (raw,) in unheld),
            dangling=dangling,
        )

    def unreadable(self) -> Iterator[UnreadableRow]:
        """The rows that no actor could read."""
        for layout in self._layouts:
            everything = names(layout, range(len(layout.columns)))
            table = quoted(layout.table.name)
            for values in self._run(f"SELECT {everything} FROM {table}").fetchall():
                try:
                    layout.read(values)
                except ValueError as error:
                    place = tuple(values[position] for position in layout.key)
                    yield UnreadableRow(table=layout.table.name, place=place, reason=str(error))

    # --- mending

    def mend_blocks(self) -> None:
        """Give blocks of nobody to those that name them, and count anew."""
        self._run(
            "DELETE FROM held WHERE block NOT IN (SELECT number FROM blocks)"
            " OR actor NOT IN (SELECT number FROM actors)"
        )
        for cid in self.block_sums().unheld:
            (number,) = self._run("SELECT number FROM blocks WHERE cid = ?", (cid.raw,)).fetchone()
            actors = self._naming(cid)
            for actor in actors:
                self._run("INSERT INTO held (block, actor) VALUES (?, ?)", (number, actor))
            if not actors:
                self._run("DELETE FROM blocks WHERE number = ?", (number,))
        self._run(
            "UPDATE block_total SET bytes = (SELECT ifnull(sum(length(data)), 0) FROM blocks)"
        )

    def remove(self, rows: Iterable[UnreadableRow]) -> None:
        """Remove rows that cannot be read."""
        for row in rows:
            layout = next(each for each in self._layouts if each.table.name == row.table)
            key = (quoted(layout.columns[position].name) for position in layout.key)
            where = " AND ".join(f"{name} = ?" for name in key)
            self._run(f"DELETE FROM {quoted(row.table)} WHERE {where}", row.place)

    def _naming(self, cid: Cid) -> set[int]:
        """The actors whose rows or blocks have a CID in them."""
        found: set[int] = set()
        for layout in self._layouts:
            if layout.names_actor:
                continue
            blobs = [each for each in layout.columns if each.kind.value == "BLOB"]
            for column in blobs:
                sql = (
                    f"SELECT DISTINCT actor FROM {quoted(layout.table.name)}"
                    f" WHERE instr({quoted(column.name)}, ?)"
                )
                found |= {actor for (actor,) in self._run(sql, (cid.raw,))}
        sql = "SELECT DISTINCT actor FROM held JOIN blocks ON block = number WHERE instr(data, ?)"
        found |= {actor for (actor,) in self._run(sql, (cid.raw,))}
        return found
