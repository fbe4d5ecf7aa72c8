"""Comparison of a table with the rows that records lead to.

Rule: of a row that is there, fields that no record decides (clocks, order of arrival) are kept.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import partial
from typing import Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.stores import DeliveryTransaction
from mesh.core.ports.tables import Table
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.reading import ActorStore
from runtime.content.cid import Cid
from runtime.content.shapes import cut

T = TypeVar("T")
R = TypeVar("R", bound=Struct)

SHOWN_BYTES_MAX: Final = 96


def compare(
    store: ActorStore,
    table: Table[R],
    expected: Iterable[R],
    noun: Callable[[R], str],
    *,
    kept: tuple[str, ...] = (),
) -> Iterator[Finding]:
    """What differs between a table and the rows that it ought to have. noun: names a row."""
    wanted = {key_of(table, row): row for row in expected}
    left: list[R] = []
    for row in store.rows(table):
        derived = wanted.pop(key_of(table, row), None)
        if derived is None:
            left.append(row)
            continue
        if kept:
            derived = replace(derived, **{name: getattr(row, name) for name in kept})
        if derived != row:
            yield differing(store, table, row, derived, noun(row))
    for row in left:
        lost = _lost(store, row)
        if lost is None or any(_is_renamed(table, row, each) for each in wanted.values()):
            yield extra(store, table, row, noun(row))
        else:
            text = f"{noun(row)}: block {lost} is not in the store"
            yield undecided(store, table, row, text, Kind.RECORD_MISSING)
    for derived in wanted.values():
        yield missing(store, table, derived, noun(derived))


def _lost(store: ActorStore, row: Struct) -> Cid | None:
    """A block that a row names and that is not here: what the row rests on may be lost with it."""
    named = (getattr(row, name) for name in row.__struct_fields__)
    return next((cid for cid in named if isinstance(cid, Cid) and cid not in store.held), None)


def _is_renamed(table: Table[R], row: R, derived: R) -> bool:
    """Whether a row is one that is missing, under another key: most of its other fields agree."""
    others = [name for name in row.__struct_fields__ if name not in table.key]
    same = len([name for name in others if getattr(row, name) == getattr(derived, name)])
    return 2 * same > len(others)


def extra(store: ActorStore, table: Table[T], row: T, noun: str) -> Finding:
    """A row that nothing leads to."""
    return Finding(
        kind=Kind.ROW_EXTRA,
        actor=store.did,
        subject=_subject(table, row),
        text=f"{noun}: nothing signed leads to it",
        mend=partial(_delete, table, key_of(table, row)),
    )


def missing(store: ActorStore, table: Table[T], row: T, noun: str) -> Finding:
    """A row that records lead to and that is not there."""
    return Finding(
        kind=Kind.ROW_MISSING,
        actor=store.did,
        subject=_subject(table, row),
        text=f"{noun}: it is missing in {table.name}",
        mend=partial(_put, table, row),
    )


def differing(store: ActorStore, table: Table[T], row: T, derived: T, noun: str) -> Finding:
    """A row with other fields than records lead to."""
    return Finding(
        kind=Kind.ROW_DIFFERS,
        actor=store.did,
        subject=_subject(table, row),
        text=f"{noun}: {differences(row, derived)}",
        mend=partial(_put, table, derived),
    )


def undecided(store: ActorStore, table: Table[T], row: T, text: str, kind: Kind) -> Finding:
    """A row that is wrong, where nothing here says what it was."""
    return Finding(kind=kind, actor=store.did, subject=_subject(table, row), text=text)


def differences(row: Any, derived: Any) -> str:
    """The fields that differ, each with what was expected."""
    return ", ".join(
        f"{name} is {shown(getattr(row, name))}, expected {shown(getattr(derived, name))}"
        for name in row.__struct_fields__
        if getattr(row, name) != getattr(derived, name)
    )


def shown(value: Any) -> str:
    """A field for people."""
    match value:
        case None:
            return "none"
        case Enum():
            return str(value.value)
        case Cid():
            return str(value)
        case bytes():
            return value.hex()[:16]
        case tuple():
            return cut(f"({', '.join(map(shown, value))})", SHOWN_BYTES_MAX)
        case _:
            return cut(str(value), SHOWN_BYTES_MAX)


def key_of(table: Table[T], row: T) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in table.key)


def _subject(table: Table[T], row: T) -> str:
    return f"{table.name} {' '.join(map(shown, key_of(table, row)))}"


def _put(table: Table[T], row: T, tx: DeliveryTransaction) -> None:
    tx.rows(table).put(row)


def _delete(table: Table[Any], key: tuple[Any, ...], tx: DeliveryTransaction) -> None:
    tx.rows(table).delete(*key)
