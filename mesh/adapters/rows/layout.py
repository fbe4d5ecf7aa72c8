"""Layouts: a table of rows as columns, and rows as they are stored.

Rule: the first column of every table and the first part of every key is `actor`, whose row it is. A
table whose rows name the actor themselves is one of the store, not of an actor.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import astuple

from mesh.adapters.rows.columns import Column, Value, Written, column
from mesh.core.ports.tables import Table
from runtime.content.did import Did
from runtime.content.shapes import ShapeError
from runtime.content.typed import hints_of

ACTOR: Final = "actor"

Key: TypeAlias = tuple[Value, ...]


class Stored(Struct, frozen=True):
    """A row, and its values by the columns of its layout; `Layout.whole` as they are stored."""

    key: Key
    row: Any
    values: tuple[Written, ...]


class Layout(Struct, frozen=True, eq=False, kw_only=True):
    """A table as columns. key, names: positions of some. names_actor: the rows have the field
    themselves.
    key_fields: those of a row, as a tuple. key_steps: places of the key that are stored in another
    form."""

    table: Table[Any]
    columns: tuple[Column, ...]
    positions: dict[str, int]
    key: tuple[int, ...]
    indexes: tuple[tuple[int, ...], ...]
    names: tuple[int, ...]
    names_actor: bool
    key_fields: Callable[[Any], tuple[Any, ...]]
    key_steps: tuple[tuple[int, Callable[[Any], Value]], ...]
    writers: tuple[Callable[[Any], Written], ...]

    def key_of(self, actor: Did | None, key: tuple[Any, ...]) -> Key:
        """The key of a row, from its fields. actor: None for a table of the store.
        What is put is checked by `stored`."""
        parts = key if actor is None else (actor, *key)
        assert len(parts) == len(self.key), f"{self.table.name} has the key {self.table.key}"
        if not self.key_steps:
            return parts
        made = list(parts)
        for place, step in self.key_steps:
            made[place] = step(made[place])
        return tuple(made)

    def row_key(self, actor: Did | None, row: Any) -> Key:
        """The key of a row."""
        return self.key_of(actor, self.key_fields(row))

    def stored(self, key: Key, row: Any, before: Stored | None) -> Stored:
        """A row as it is stored. before: an older row of that key; what is the very same object in
        both is not encoded again. Raises ShapeError."""
        assert type(row) is self.table.row, f"{self.table.name} holds {self.table.row.__name__}"
        fields = self._fields(key, row)
        try:
            if before is None:
                values = [write(each) for write, each in zip(self.writers, fields, strict=True)]
            else:
                older = self._fields(key, before.row)
                values = [
                    kept if new is old else _changed(column, new, old, kept)
                    for column, new, old, kept in zip(
                        self.columns, fields, older, before.values, strict=True
                    )
                ]
        except ShapeError:
            self._explain(fields)
            raise
        return Stored(key, row, tuple(values))

    def whole(self, values: tuple[Written, ...]) -> tuple[Value, ...]:
        """Values with their parts put together."""
        return tuple([b"".join(each) if isinstance(each, tuple) else each for each in values])

    def read(self, values: tuple[Value, ...]) -> Stored:
        """The row of stored values."""
        fields = {
            each.name: value if each.read is None else each.read(value)
            for each, value in zip(self.columns, values, strict=True)
        }
        if not self.names_actor:
            del fields[ACTOR]
        row = self.table.row(**fields)
        return Stored(tuple(values[position] for position in self.key), row, values)

    def _fields(self, key: Key, row: Any) -> tuple[Any, ...]:
        """The fields of a row in the order of the columns."""
        return astuple(row) if self.names_actor else (key[0], *astuple(row))

    def _explain(self, fields: tuple[Any, ...]) -> None:
        """Raises ShapeError with the column of a field that is wrong."""
        for each, value in zip(self.columns, fields, strict=True):
            try:
                each.write(value)
            except ShapeError as fault:
                raise fault.inside(f"{self.table.name}.{each.name}") from None


def _writer(column: Column) -> Callable[[Any], Written]:
    amend = column.amend
    return column.write if amend is None else lambda value: amend(value, None, None)


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda row: (get(row),)


def _changed(column: Column, new: Any, old: Any, kept: Written) -> Written:
    return column.write(new) if column.amend is None else column.amend(new, old, kept)


_LAYOUTS: Final[dict[int, Layout]] = {}
"""By the identity of the table, which its layout keeps alive: hashing a table takes long."""


def layout_of(table: Table[Any]) -> Layout:
    """The layout of a table, built once."""
    known = _LAYOUTS.get(id(table))
    if known is None:
        known = _LAYOUTS[id(table)] = _build(table)
    return known


def _build(table: Table[Any]) -> Layout:
    row: type[Struct] = table.row
    hints = hints_of(row)
    names = row.__struct_fields__
    names_actor = ACTOR in names
    assert names_actor == (table.key[0] == ACTOR), f"{table.name}: `actor` begins a key, or is none"
    assert not names_actor or names[0] == ACTOR, f"{table.name}: `actor` is the first field"
    columns = (
        column(ACTOR, Did),
        *(column(name, hints[name]) for name in names if name != ACTOR),
    )
    positions = {each.name: position for position, each in enumerate(columns)}
    key = table.key if names_actor else (ACTOR, *table.key)
    indexes = tuple(each if names_actor else (ACTOR, *each) for each in table.indexes)
    for name in {name for each in (key, *indexes) for name in each}:
        assert columns[positions[name]].is_scalar, f"{table.name}.{name} cannot be looked up"
    assert not any(columns[positions[name]].is_optional for name in key), f"{table.name}: key"
    return Layout(
        table=table,
        columns=columns,
        positions=positions,
        key=tuple(positions[name] for name in key),
        indexes=tuple(tuple(positions[name] for name in each) for each in indexes),
        names=tuple(position for position, each in enumerate(columns) if each.is_name),
        names_actor=names_actor,
        key_fields=_getter(table.key),
        key_steps=tuple(
            (place, step)
            for place, step in enumerate(columns[positions[name]].look_up for name in key)
            if step is not None
        ),
        writers=tuple(map(_writer, columns)),
    )
