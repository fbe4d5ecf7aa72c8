"""Knowledge of members: the ends of their chains, the evidence, their own observations.

Rule: a fact is counted once, however often it is told.
"""

from typing import Any

from msgspec.structs import replace

from mesh.adapters.sqlite.connection import Database
from mesh.adapters.sqlite.kept import Kept
from mesh.ports import ChainKind, Head
from mesh.reputation import Evidence, Tally
from runtime.content.cid import Cid
from runtime.content.codec import decode, encode
from runtime.content.did import Did
from runtime.execution.execution import Deterministic


class SqliteChains:
    """The `Chains` port over `chains`. The ends are kept in memory: there are few."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._ends: dict[ChainKind, dict[Did, Head]] = {}
        self._added: list[tuple[str, Did, int, bytes]] = []

    def flush(self) -> None:
        """Write what was added since the last flush."""
        if self._added:
            self._run_many("INSERT INTO chains VALUES (?, ?, ?, ?)", self._added)
            self._added.clear()

    def forget(self) -> None:
        """Drop what is kept in memory: it may not be what is stored."""
        self._ends.clear()
        self._added.clear()

    def head(self, kind: ChainKind, member: Did) -> Head | None:
        return self._heads(kind).get(member)

    def advance(self, kind: ChainKind, member: Did, head: Head) -> bool:
        before = self.head(kind, member)
        if head.sequence != (0 if before is None else before.sequence) + 1:
            return False
        self._heads(kind)[member] = head
        self._added.append((kind.value, member, head.sequence, head.record.raw))
        return True

    def heads(self, kind: ChainKind) -> tuple[tuple[Did, Head], ...]:
        return tuple(sorted(self._heads(kind).items(), key=lambda each: each[0]))

    def at(self, kind: ChainKind, member: Did, sequence: int) -> Cid | None:
        self.flush()
        row = self._run(
            "SELECT record FROM chains WHERE kind = ? AND member = ? AND sequence = ?",
            (kind.value, member, sequence),
        ).fetchone()
        return None if row is None else Cid(row[0])

    def _heads(self, kind: ChainKind) -> dict[Did, Head]:
        if kind not in self._ends:
            # SQLite takes the other column of a max() from the row that has it.
            rows = self._run(
                "SELECT member, max(sequence), record FROM chains WHERE kind = ? GROUP BY member",
                (kind.value,),
            )
            self._ends[kind] = {
                Did(member): Head(sequence=sequence, record=Cid(record))
                for member, sequence, record in rows
            }
        return self._ends[kind]


class SqliteEvidence:
    """The `EvidenceLog` port over `evidence`, counted in `tallies`."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._tallies = Kept(read=self._read_tally, write=self._write_tallies)

    def flush(self) -> None:
        """Write what changed since the last flush."""
        self._tallies.flush()

    def forget(self) -> None:
        """Drop what is kept in memory: it may not be what is stored."""
        self._tallies.forget()

    def add(self, member: Did, evidence: Evidence, job: Cid, attempt: int) -> None:
        added = self._run(
            "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?)",
            (member, evidence.value, job.raw, attempt),
        )
        if added.rowcount:
            tally = self._tallies.get(member)
            name = _field(evidence)
            counted = replace(tally, **{name: getattr(tally, name) + 1})
            self._tallies.put(member, counted)

    def tally(self, member: Did) -> Tally:
        return self._tallies.get(member)

    def _read_tally(self, member: Did) -> Tally:
        rows = self._run("SELECT kind, count FROM tallies WHERE member = ?", (member,))
        counts: dict[str, Any] = {_field(Evidence(kind)): count for kind, count in rows}
        return Tally(**counts)

    def _write_tallies(self, rows: list[tuple[Did, Tally]]) -> None:
        counts = [
            (member, evidence.value, getattr(tally, _field(evidence)))
            for member, tally in rows
            for evidence in Evidence
        ]
        self._run_many(
            "INSERT OR REPLACE INTO tallies VALUES (?, ?, ?)",
            [(member, kind, count) for member, kind, count in counts if count],
        )


def _field(evidence: Evidence) -> str:
    """The field of a tally that counts this evidence."""
    return evidence.value.replace("-", "_")


class SqliteObservations:
    """What each verifier found for itself, stored before it reads the executor's receipt."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._kept = Kept(read=self._read, write=self._write)

    def flush(self) -> None:
        """Write what changed since the last flush."""
        self._kept.flush()

    def forget(self) -> None:
        """Drop what is kept in memory: it may not be what is stored."""
        self._kept.forget()

    def put(self, award: Cid, verifier: Did, found: Deterministic) -> None:
        """Store a verifier's own result; the first one stands."""
        if self._kept.get((award, verifier)) is None:
            self._kept.put((award, verifier), found)

    def get(self, award: Cid, verifier: Did) -> Deterministic | None:
        return self._kept.get((award, verifier))

    def _read(self, key: tuple[Cid, Did]) -> Deterministic | None:
        award, verifier = key
        row = self._run(
            "SELECT deterministic FROM observations WHERE award = ? AND verifier = ?",
            (award.raw, verifier),
        ).fetchone()
        return None if row is None else Deterministic.from_value(decode(row[0]))

    def _write(self, rows: list[tuple[tuple[Cid, Did], Deterministic | None]]) -> None:
        self._run_many(
            "INSERT INTO observations VALUES (?, ?, ?)",
            [
                (award.raw, verifier, encode(found.to_value()))
                for (award, verifier), found in rows
                if found is not None
            ],
        )


class SqliteSettings:
    """Small values of this mesh by name, each a DAG-CBOR value.

    They are read often and written rarely: values are kept in memory while nobody else writes.
    """

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute
        self._kept: dict[str, Any] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    def forget(self) -> None:
        """Drop what is kept in memory: it may not be what is stored."""
        self._kept.clear()
        self._names.clear()

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
        self._names.clear()

    def names(self, prefix: str) -> tuple[str, ...]:
        """The names that begin with `prefix`, in order."""
        if prefix not in self._names:
            rows = self._run(
                "SELECT name FROM settings WHERE name >= ? AND name < ? ORDER BY name",
                (prefix, prefix + "\U0010ffff"),
            )
            self._names[prefix] = tuple(name for (name,) in rows)
        return self._names[prefix]
