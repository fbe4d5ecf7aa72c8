"""How fast this machine executes: measured once per engine, and kept in the store."""

from collections.abc import Callable
from typing import Final

from mesh.adapters.sqlite import SqliteStore
from mesh.records import Engine
from runtime.sandbox import Sandbox

SPEED: Final = "fuel-per-second/"


def fuel_per_second(store: SqliteStore, engine: Engine, sandbox: Callable[[], Sandbox]) -> int:
    """Fuel that one core burns in a second, by a real measurement in the sandbox."""
    name = SPEED + engine.text
    with store.read() as tx:
        known = tx.settings.get(name)
    if known is not None:
        return int(known)
    from runtime.sandbox import calibrate

    measured = calibrate(sandbox()).fuel_per_second
    with store.write() as tx:
        tx.settings.put(name, measured)
    return measured
