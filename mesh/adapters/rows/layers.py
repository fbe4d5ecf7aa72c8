"""Layers: changed rows over rows that are stored, or over another layer.

Rule: what is read through a layer shows its changes; what is under it does not change until the
layer is merged into it, or written.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from msgspec.structs import replace

from mesh.adapters.rows.layout import Key, Layout, Stored
from mesh.adapters.rows.query import Query, equal_to, position_of
from mesh.core.ports.tables import RowReader
from runtime.content.did import Did

T = TypeVar("T")
D = TypeVar("D")


class RowSource(Protocol):
    """Stored rows, to be read."""

    def get(self, layout: Layout, key: Key) -> Stored | None: ...

    def known(self, layout: Layout, key: Key) -> Stored | None:
        """The row where it is in memory already; else None, also for one that exists."""
        ...

    def select(self, layout: Layout, query: Query) -> Sequence[Stored]: ...

    def count(self, layout: Layout, query: Query) -> int: ...

    def derived(self, layout: Layout) -> dict[Any, Any]:
        """What was derived from the rows of a table, until one of them changes."""
        ...


class Layer:
    """Changes over a source: itself a source. changed: None for a row that is deleted."""

    def __init__(self, under: RowSource) -> None:
        self._under = under
        self.changed: dict[Layout, dict[Key, Stored | None]] = {}
        self._derived: dict[Layout, dict[Any, Any]] = {}

    def get(self, layout: Layout, key: Key) -> Stored | None:
        changed = self.changed.get(layout)
        if changed is not None and key in changed:
            return changed[key]
        return self._under.get(layout, key)

    def known(self, layout: Layout, key: Key) -> Stored | None:
        changed = self.changed.get(layout)
        if changed is not None and key in changed:
            return changed[key]
        return self._under.known(layout, key)

    def select(self, layout: Layout, query: Query) -> Sequence[Stored]:
        changed = self.changed.get(layout)
        if not changed:
            return self._under.select(layout, query)
        wider = query
        if query.limit is not None:
            # Each change may hide one of the rows under it.
            wider = replace(query, limit=query.limit + len(changed))
        rows = [each for each in self._under.select(layout, wider) if each.key not in changed]
        for each in changed.values():
            if each is not None and query.matches(each.values):
                rows.append(each)
        return query.arranged(rows)

    def count(self, layout: Layout, query: Query) -> int:
        total = self._under.count(layout, query)
        for key, row in self.changed.get(layout, {}).items():
            before = self._under.get(layout, key)
            total -= before is not None and query.matches(before.values)
            total += row is not None and query.matches(row.values)
        return total

    def put(self, layout: Layout, key: Key, row: Any) -> None:
        """Raises ShapeError."""
        before = self.known(layout, key)
        stored = layout.stored(key, row, before)
        if before is None or before.values != stored.values:
            self.changed.setdefault(layout, {})[key] = stored
            self._derived.pop(layout, None)

    def delete(self, layout: Layout, key: Key) -> None:
        self.changed.setdefault(layout, {})[key] = None
        self._derived.pop(layout, None)

    def derived(self, layout: Layout) -> dict[Any, Any]:
        if layout in self.changed:
            return self._derived.setdefault(layout, {})
        return self._under.derived(layout)

    def take(self, layer: "Layer") -> None:
        """Merge the changes of a layer over this one."""
        for layout, changed in layer.changed.items():
            self.changed.setdefault(layout, {}).update(changed)
            self._derived.pop(layout, None)


class LayerRows(Generic[T]):
    """The `Rows` port over a layer. actor: None for a table of the store."""

    __slots__ = ("_actor", "_layer", "_layout")

    def __init__(self, layer: Layer, layout: Layout, actor: Did | None) -> None:
        assert (actor is None) == layout.names_actor, f"{layout.table.name}: whose table it is"
        self._layer = layer
        self._layout = layout
        self._actor = actor

    def get(self, *key: Any) -> T | None:
        found = self._layer.get(self._layout, self._layout.key_of(self._actor, key))
        return None if found is None else found.row

    def select(
        self,
        *,
        order: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        **equal: Any,
    ) -> tuple[T, ...]:
        layout = self._layout
        query = Query(
            equal=equal_to(layout, self._actor, equal),
            order=None if order is None else position_of(layout, order),
            is_descending=descending,
            limit=limit,
        )
        return tuple(each.row for each in self._layer.select(layout, query))

    def due(self, field: str, at: int, /, **equal: Any) -> tuple[T, ...]:
        layout = self._layout
        position = position_of(layout, field)
        query = Query(
            equal=equal_to(layout, self._actor, equal), at_most=(position, at), order=position
        )
        return tuple(each.row for each in self._layer.select(layout, query))

    def count(self, **equal: Any) -> int:
        query = Query(equal=equal_to(self._layout, self._actor, equal))
        return self._layer.count(self._layout, query)

    def derived(self, make: Callable[[RowReader[T]], D]) -> D:
        known = self._layer.derived(self._layout)
        place = self._actor, make
        if place not in known:
            known[place] = make(self)
        found: D = known[place]
        return found

    def put(self, row: T) -> None:
        self._layer.put(self._layout, self._layout.row_key(self._actor, row), row)

    def delete(self, *key: Any) -> bool:
        place = self._layout.key_of(self._actor, key)
        if self._layer.get(self._layout, place) is None:
            return False
        self._layer.delete(self._layout, place)
        return True
