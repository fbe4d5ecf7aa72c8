"""What is known of members: the ends of their chains, the evidence, their own observations.

Rule: a fact is counted once, however often it is told.
"""

from typing import Any

from mesh.adapters.sqlite.connection import Database
from mesh.ports import ChainKind, Head
from mesh.reputation import Evidence, Tally
from runtime.content.cid import Cid
from runtime.content.codec import decode, encode
from runtime.content.did import Did
from runtime.execution import Deterministic


class SqliteChains:
    """The `Chains` port over `chains`."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute

    def head(self, kind: ChainKind, member: Did) -> Head | None:
        row = self._run(
            "SELECT sequence, record FROM chains WHERE kind = ? AND member = ?"
            " ORDER BY sequence DESC LIMIT 1",
            (kind.value, member),
        ).fetchone()
        return None if row is None else Head(sequence=row[0], record=Cid(row[1]))

    def advance(self, kind: ChainKind, member: Did, head: Head) -> bool:
        before = self.head(kind, member)
        if head.sequence != (0 if before is None else before.sequence) + 1:
            return False
        self._run(
            "INSERT INTO chains VALUES (?, ?, ?, ?)",
            (kind.value, member, head.sequence, head.record.raw),
        )
        return True

    def heads(self, kind: ChainKind) -> tuple[tuple[Did, Head], ...]:
        rows = self._run(
            "SELECT DISTINCT member FROM chains WHERE kind = ? ORDER BY member", (kind.value,)
        ).fetchall()
        found = ((Did(member), self.head(kind, Did(member))) for (member,) in rows)
        return tuple((member, head) for member, head in found if head is not None)

    def at(self, kind: ChainKind, member: Did, sequence: int) -> Cid | None:
        row = self._run(
            "SELECT record FROM chains WHERE kind = ? AND member = ? AND sequence = ?",
            (kind.value, member, sequence),
        ).fetchone()
        return None if row is None else Cid(row[0])


class SqliteEvidence:
    """The `EvidenceLog` port over `evidence`, counted in `tallies`."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute

    def add(self, member: Did, evidence: Evidence, job: Cid, attempt: int) -> None:
        added = self._run(
            "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?)",
            (member, evidence.value, job.raw, attempt),
        )
        if added.rowcount:
            self._run(
                "INSERT INTO tallies VALUES (?, ?, 1)"
                " ON CONFLICT (member, kind) DO UPDATE SET count = count + 1",
                (member, evidence.value),
            )

    def tally(self, member: Did) -> Tally:
        rows = self._run("SELECT kind, count FROM tallies WHERE member = ?", (member,))
        counts: dict[str, Any] = {kind.replace("-", "_"): count for kind, count in rows}
        return Tally(**counts)


class SqliteObservations:
    """What each verifier found for itself, stored before it reads the executor's receipt."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute

    def put(self, award: Cid, verifier: Did, found: Deterministic) -> None:
        """Store a verifier's own result; the first one stands."""
        self._run(
            "INSERT OR IGNORE INTO observations VALUES (?, ?, ?)",
            (award.raw, verifier, encode(found.to_value())),
        )

    def get(self, award: Cid, verifier: Did) -> Deterministic | None:
        row = self._run(
            "SELECT deterministic FROM observations WHERE award = ? AND verifier = ?",
            (award.raw, verifier),
        ).fetchone()
        return None if row is None else Deterministic.from_value(decode(row[0]))


class SqliteSettings:
    """Small values of this mesh by name, each a DAG-CBOR value.

    They are read often and written rarely: values are kept in memory while nobody else writes.
    """

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute
        self._kept: dict[str, Any] = {}

    def forget(self) -> None:
        """Drop what is kept in memory: it may not be what is stored."""
        self._kept.clear()

    def get(self, name: str) -> Any:
        """The value, not to be changed, or None if there is none of this name."""
        if name in self._kept:
            return self._kept[name]
        row = self._run("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        value = None if row is None else decode(row[0])
        self._kept[name] = value
        return value

    def put(self, name: str, value: Any) -> None:
        self._run("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, encode(value)))
        self._kept.pop(name, None)

    def names(self, prefix: str) -> tuple[str, ...]:
        """The names that begin with `prefix`, in order."""
        rows = self._run(
            "SELECT name FROM settings WHERE name >= ? AND name < ? ORDER BY name",
            (prefix, prefix + "\U0010ffff"),
        )
        return tuple(name for (name,) in rows)
