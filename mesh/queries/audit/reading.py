"""The reading side of an audit: the rows of each actor, and the signed records in its store.

Rule: every block is hashed as it is read, once for all actors that hold it; a signature is verified
once per CID and process.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from mesh.actors.stores import View
from mesh.core.membership.members import Members
from mesh.core.ports.blocks import BlockError
from mesh.core.ports.tables import Table
from mesh.core.records.archive import Archive
from mesh.core.records.membership import Role
from mesh.core.verification.draw import read_eligible
from mesh.core.verification.results import read_result
from runtime.content.cid import Cid, Codec
from runtime.content.codec import RECORD_BYTES_MAX, CodecError
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic
from runtime.identity.signed import RecordError, Signed

T = TypeVar("T")


class ActorStore:
    """The rows and records of one actor. name: for people."""

    def __init__(self, home: "Home", did: Did) -> None:
        self.home = home
        self.did = did
        self.name = home.members.name(did)
        self.blocks = home.view.blocks(did)
        self.held = frozenset(home.view.cids(did))
        self._records: dict[type[Any], dict[Cid, Signed[Any]]] = {}
        self._about: dict[tuple[type[Any], str], dict[Cid, list[Signed[Any]]]] = {}
        self._rows: dict[str, tuple[Any, ...]] = {}
        for cid in sorted(self.held):
            record = home.record(self, cid)
            if record is not None:
                self._records.setdefault(type(record.body), {})[cid] = record

    def rows(self, table: Table[T]) -> tuple[T, ...]:
        """All rows of a table, in the order of the key."""
        found = self._rows.get(table.name)
        if found is None:
            found = self._rows[table.name] = self.home.view.rows(self.did, table).select()
        return found

    def row(self, table: Table[T], *key: Any) -> T | None:
        return self.home.view.rows(self.did, table).get(*key)

    def all(self, kind: type[T]) -> Iterable[Signed[T]]:
        """The stored records of a type, in the order of their CIDs."""
        return self._records.get(kind, {}).values()

    def about(self, kind: type[T], subject: Cid, field: str = "hold") -> list[Signed[T]]:
        """Those of a type whose `field` is a CID."""
        index = self._about.get((kind, field))
        if index is None:
            index = self._about[kind, field] = {}
            for each in self.all(kind):
                index.setdefault(getattr(each.body, field), []).append(each)
        return index.get(subject, [])

    def own(self, kind: type[T]) -> list[Signed[T]]:
        """Those of a type that this actor has signed."""
        return [each for each in self.all(kind) if each.signer == self.did]

    def get(self, kind: type[T], cid: Cid | None) -> Signed[T] | None:
        """A stored record of a type, None where it is not here or is another."""
        return None if cid is None else self._records.get(kind, {}).get(cid)

    def any(self, cid: Cid) -> Signed[Any] | None:
        """A stored record of whatever type."""
        found = (named.get(cid) for named in self._records.values())
        return next((each for each in found if each is not None), None)

    def data(self, cid: Cid | None) -> bytes | None:
        """A sound block."""
        try:
            return None if cid is None else self.blocks.get(cid)
        except BlockError:
            return None

    def result(self, cid: Cid | None) -> Deterministic | None:
        data = self.data(cid)
        try:
            return None if data is None else read_result(data)
        except CodecError:
            return None

    def context(self, cid: Cid | None) -> Context | None:
        data = self.data(cid)
        try:
            return None if data is None else Context.from_block(data)
        except CodecError:
            return None

    def eligible(self, cid: Cid | None) -> tuple[Did, ...] | None:
        data = self.data(cid)
        try:
            return None if data is None else read_eligible(data)
        except CodecError:
            return None


class Home:
    """All actors of a home at one moment. now: Unix seconds."""

    def __init__(self, view: View, archive: Archive, members: Members, now: int) -> None:
        self.view = view
        self.archive = archive
        self.members = members
        self.now = now
        self._read: dict[Cid, Signed[Any] | None] = {}
        self.damaged: set[Cid] = set()
        self.actors = {
            each.member: ActorStore(self, each.member) for each in members.change.body.members
        }

    def with_role(self, role: Role) -> Iterator[ActorStore]:
        for each in self.members.change.body.members:
            if role in each.roles:
                yield self.actors[each.member]

    def record(self, store: ActorStore, cid: Cid) -> Signed[Any] | None:
        """The record that a block is, None for other blocks."""
        if cid in self._read:
            return self._read[cid]
        found = None
        size = store.blocks.size(cid)
        if cid.codec is Codec.DAG_CBOR and size is not None and size <= RECORD_BYTES_MAX:
            try:
                data = store.blocks.get(cid)
                found = None if data is None else self.archive.read(data)
            except BlockError:
                self.damaged.add(cid)
            except RecordError:
                found = None  # a context, a result, a list
        self._read[cid] = found
        return found

    def holder_of(self, cid: Cid) -> ActorStore | None:
        """An actor that has a sound copy of a block."""
        return next((each for each in self.actors.values() if each.data(cid) is not None), None)

    def find(self, kind: type[T], cid: Cid | None) -> Signed[T] | None:
        """A record that any actor of the home has."""
        found = (each.get(kind, cid) for each in self.actors.values())
        return next((each for each in found if each is not None), None)
