"""Rows of the home itself, beside those of its actors: its founding, the speed of its machine."""

from typing import Final

from msgspec import Struct

from mesh.core.ports.tables import Table
from runtime.content.cid import Cid
from runtime.content.did import Did

HOME: Final = Did("did:local:home")
"""Whose rows these are: no key, and no member."""


class FoundedRow(Struct, frozen=True, kw_only=True):
    """The mesh of this home, by its genesis and first list of members. only: always 1."""

    only: int
    genesis: Cid
    change: Cid


class SpeedRow(Struct, frozen=True, kw_only=True):
    """Fuel that one core burns in a second, as measured at a time (Unix seconds). machine: engine
    and processor."""

    machine: str
    fuel_per_second: int
    measured_at: int


FOUNDED: Final = Table(name="founded", row=FoundedRow, key=("only",))
SPEEDS: Final = Table(name="speeds", row=SpeedRow, key=("machine",))
