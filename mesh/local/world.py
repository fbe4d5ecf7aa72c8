"""The environment of every step of the embedded mesh: members, records, engine, settings."""

from msgspec import Struct

from mesh.config import Config
from mesh.local.archive import Archive
from mesh.local.members import Members
from mesh.records import Engine


class World(Struct, frozen=True, kw_only=True):
    """One mesh on this machine. fuel_per_second: of one core, measured by its sandbox."""

    members: Members
    archive: Archive
    engine: Engine
    config: Config
    fuel_per_second: int
