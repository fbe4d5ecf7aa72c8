"""The numbers by which a file knows its actors.

Rule: an actor gets its number with the first row or block that is written for it.
"""

from mesh.adapters.sqlite.file.connection import Database
from runtime.content.did import Did


class ActorNumbers:
    """The `actors` table. What was read stays true: numbers do not change."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute
        self._numbers: dict[Did, int] = {}
        self._dids: dict[int, Did] = {}

    def forget(self) -> None:
        """Drop what is in memory: it may not have been committed."""
        self._numbers.clear()
        self._dids.clear()

    def find(self, did: Did) -> int | None:
        """The number of an actor that has one."""
        number = self._numbers.get(did)
        if number is None:
            row = self._run("SELECT number FROM actors WHERE did = ?", (did,)).fetchone()
            if row is None:
                return None
            number = self._keep(row[0], did)
        return number

    def make(self, did: Did) -> int:
        """The number of an actor, new if it has none. Only where something may be written."""
        number = self.find(did)
        if number is None:
            sql = "INSERT INTO actors (did) VALUES (?) RETURNING number"
            number = self._keep(self._run(sql, (did,)).fetchone()[0], did)
        return number

    def did(self, number: int) -> Did:
        """The actor of a number that a row names."""
        did = self._dids.get(number)
        if did is None:
            sql = "SELECT did FROM actors WHERE number = ?"
            did = Did(self._run(sql, (number,)).fetchone()[0])
            self._keep(number, did)
        return did

    def _keep(self, number: int, did: Did) -> int:
        self._numbers[did] = number
        self._dids[number] = did
        return number
