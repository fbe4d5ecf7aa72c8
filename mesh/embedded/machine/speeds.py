"""This machine's engine and processor, and the speed that was measured of them.

Rule: a speed belongs to one engine on one processor.
"""

from blake3 import blake3

from mesh.actors.stores import Store
from mesh.core.records.terms import Engine
from mesh.embedded.rows import HOME, SPEEDS
from runtime.sandbox.engine import cpu_features, engine


def machine_name() -> str:
    """Names engine and processor: what a speed is the speed of."""
    return f"{local_engine().text}/{local_processor()}"


def known_speed(store: Store) -> int:
    """Fuel that one core burns in a second, as it was last measured; 0 before that."""
    with store.view() as view:
        known = view.rows(HOME, SPEEDS).get(machine_name())
    return 0 if known is None else known.fuel_per_second


def local_engine() -> Engine:
    """The sandbox's engine as records name it."""
    own = engine()
    return Engine(name=own.name, version=own.version, config=own.config, arch=own.arch)


def local_processor() -> str:
    """A word for this processor: machine code and speeds are not shared beyond it."""
    return blake3(cpu_features().encode()).hexdigest(8)
