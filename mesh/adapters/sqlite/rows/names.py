"""The names of a file: DIDs, CIDs and job ids, each stored once and known elsewhere by its number.

Rule: a name gets its number with the first row or block that is written with it, and keeps it as
long as anything in the file has it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from mesh.adapters.rows.columns import Value
from mesh.adapters.sqlite.file.connection import Database
from runtime.content.shapes import ShapeError

NAMES_KEPT_MAX: Final = 65_536


class Names:
    """The `names` table: texts of DIDs and job ids, bytes of CIDs. numbers: of those in memory,
    true until another process commits."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute
        self.numbers: dict[Value, int] = {}
        self._names: dict[int, Value] = {}

    def forget(self) -> None:
        """Drop what is in memory: it may not be what is stored."""
        self.numbers.clear()
        self._names.clear()

    def find(self, name: Value) -> int | None:
        """The number of a name that has one."""
        number = self.numbers.get(name)
        if number is None:
            row = self._run("SELECT number FROM names WHERE name = ?", (name,)).fetchone()
            if row is not None:
                number = self._keep(row[0], name)
        return number

    def make(self, name: Value) -> int:
        """The number of a name, new if it has none. Only where something may be written."""
        number = self.numbers.get(name)
        if number is not None:
            return number
        # Most names that are not in memory are new.
        sql = "INSERT INTO names (name) VALUES (?) ON CONFLICT DO NOTHING RETURNING number"
        row = self._run(sql, (name,)).fetchone()
        if row is None:
            row = self._run("SELECT number FROM names WHERE name = ?", (name,)).fetchone()
        return self._keep(row[0], name)

    def name(self, number: int) -> Value:
        """The name of a number that a row has. Raises ShapeError for a number of no name."""
        name = self._names.get(number)
        if name is None:
            row = self._run("SELECT name FROM names WHERE number = ?", (number,)).fetchone()
            if row is None:
                raise ShapeError(f"{number} is the number of no name")
            name = row[0]
            self._keep(number, name)
        return name

    def learn(self, rows: Sequence[tuple[Any, ...]], columns: Iterable[int]) -> None:
        """Read at once the names whose numbers are in these columns of many rows."""
        numbers = {row[column] for column in columns for row in rows} - self._names.keys()
        sql = "SELECT number, name FROM names WHERE number IN (SELECT value FROM json_each(?))"
        listed = f"[{','.join(map(str, numbers - {None}))}]"
        read = dict(self._run(sql, (listed,)).fetchall())
        self._names.update(read)
        self.numbers.update((name, number) for number, name in read.items())

    def _keep(self, number: int, name: Value) -> int:
        if len(self._names) >= NAMES_KEPT_MAX:
            self.forget()
        self.numbers[name] = number
        self._names[number] = name
        return number
