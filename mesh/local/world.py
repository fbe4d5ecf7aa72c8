"""What every step of the embedded mesh works with: members, records, engine, settings."""

from dataclasses import dataclass

from mesh.home import Config
from mesh.local.archive import Archive
from mesh.local.members import Members
from mesh.records import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One mesh on this machine. fuel_per_second: of one core, measured by its sandbox."""

    members: Members
    archive: Archive
    engine: Engine
    config: Config
    fuel_per_second: int
