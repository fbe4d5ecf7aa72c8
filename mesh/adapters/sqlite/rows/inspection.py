"""Inspection of a file of actors: the sum of its blocks, who holds them, rows that cannot be read.

Rule: what is found here cannot be seen through the ports, which show sound rows of held blocks
alone. A block that nobody holds goes to those whose rows or blocks name it, else it is removed.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from mesh.adapters.rows.layout import Layout
from mesh.adapters.sqlite.file.connection import Database
from mesh.adapters.sqlite.rows.packing import MARK, Packing
from mesh.adapters.sqlite.rows.rows import SqliteRows
from mesh.adapters.sqlite.rows.schema import names, quoted
from runtime.content.cid import Cid
from runtime.content.shapes import ShapeError

_DANGLING: Final = (
    "block NOT IN (SELECT number FROM blocks JOIN names USING (number))"
    " OR actor NOT IN (SELECT number FROM names)"
)


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

    def __init__(
        self, database: Database, layouts: Iterable[Layout], rows: SqliteRows, packing: Packing
    ) -> None:
        self._run = database.connection.execute
        self._layouts = tuple(layouts)
        self._rows = rows
        self._packing = packing

    def block_sums(self) -> BlockSums:
        (stated,) = self._run("SELECT bytes FROM block_total").fetchone()
        (summed,) = self._run("SELECT ifnull(sum(size), 0) FROM blocks").fetchone()
        unheld = self._run(
            "SELECT name FROM blocks JOIN names USING (number)"
            " WHERE number NOT IN (SELECT block FROM held) ORDER BY name"
        ).fetchall()
        (dangling,) = self._run(f"SELECT count(*) FROM held WHERE {_DANGLING}").fetchone()
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
                    layout.read(self._rows.whole(layout, values))
                except ValueError as error:
                    place = tuple(values[position] for position in layout.key)
                    yield UnreadableRow(table=layout.table.name, place=place, reason=str(error))

    # --- mending

    def mend_blocks(self) -> None:
        """Give blocks of nobody to those that name them, and count anew."""
        self._run(f"DELETE FROM held WHERE {_DANGLING}")
        self._run("DELETE FROM blocks WHERE number NOT IN (SELECT number FROM names)")
        for cid in self.block_sums().unheld:
            (number,) = self._run("SELECT number FROM names WHERE name = ?", (cid.raw,)).fetchone()
            actors = self._naming(cid, number)
            for actor in actors:
                self._run("INSERT INTO held (block, actor) VALUES (?, ?)", (number, actor))
            if not actors:
                self._run("DELETE FROM blocks WHERE number = ?", (number,))
        self._run("UPDATE block_total SET bytes = (SELECT ifnull(sum(size), 0) FROM blocks)")

    def remove(self, rows: Iterable[UnreadableRow]) -> None:
        """Remove rows that cannot be read."""
        for row in rows:
            layout = next(each for each in self._layouts if each.table.name == row.table)
            key = (quoted(layout.columns[position].name) for position in layout.key)
            where = " AND ".join(f"{name} = ?" for name in key)
            self._run(f"DELETE FROM {quoted(row.table)} WHERE {where}", row.place)

    def _naming(self, cid: Cid, number: int) -> set[int]:
        """The actors whose rows or blocks have a CID in them."""
        found: set[int] = set()
        for layout in self._layouts:
            if layout.names_actor:
                continue
            table = quoted(layout.table.name)
            for column in layout.columns[1:]:
                name = quoted(column.name)
                if column.is_name:
                    sql = f"SELECT DISTINCT actor FROM {table} WHERE {name} = ?"
                    found |= {actor for (actor,) in self._run(sql, (number,))}
                elif not column.is_scalar:
                    found |= self._with(cid, f"SELECT actor, {name} FROM {table}")
        sql = "SELECT actor, data FROM held JOIN blocks ON block = number"
        return found | self._with(cid, sql)

    def _with(self, cid: Cid, sql: str) -> set[int]:
        """The actors in whose records, packed or not, a CID is."""
        found: set[int] = set()
        for actor, data in self._run(sql).fetchall():
            if data is not None and actor not in found and cid.raw in self._whole(data):
                found.add(actor)
        return found

    def _whole(self, data: bytes) -> bytes:
        try:
            return self._packing.unpack(data) if data.startswith(MARK) else data
        except ShapeError:
            return data
