"""How fast this machine executes: measured once per engine and processor, kept in the store."""

from collections.abc import Callable
from typing import Final

from blake3 import blake3

from mesh.adapters.sqlite import SqliteStore, SqliteTransaction
from mesh.problem import Kind, MeshProblem
from mesh.records import Engine
from runtime.sandbox import Sandbox
from runtime.sandbox.engine import cpu_features
from runtime.sandbox.selftest import UnusableError, calibrate

SPEED: Final = "fuel-per-second/"


def fuel_per_second(store: SqliteStore, engine: Engine, sandbox: Callable[[], Sandbox]) -> int:
    """Fuel that one core burns in a second, by a real measurement in the sandbox.

    Raises MeshProblem `sandbox-unusable`.
    """
    with store.read() as tx:
        known = known_speed(tx, engine)
    if known is not None:
        return known
    try:
        measured = calibrate(sandbox()).fuel_per_second
    except UnusableError as error:
        raise MeshProblem(
            Kind.FAILED,
            "sandbox-unusable",
            f"no module can be executed on this machine: {error}",
            hint="meshctl doctor",
        ) from None
    with store.write() as tx:
        tx.settings.put(_name(engine), measured)
    return measured


def known_speed(tx: SqliteTransaction, engine: Engine) -> int | None:
    """What was measured for this engine on this processor, None before that."""
    known = tx.settings.get(_name(engine))
    return None if known is None else int(known)


def _name(engine: Engine) -> str:
    processor = blake3(cpu_features().encode()).hexdigest(8)
    return f"{SPEED}{engine.text}/{processor}"
