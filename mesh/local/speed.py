"""The speed of this machine: measured in its sandbox, and corrected by what nodes show.

Rule: a measurement belongs to one engine on one processor; one that is old is made again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from blake3 import blake3

from mesh.adapters.sqlite import SqliteStore, SqliteTransaction
from mesh.core.fields import NodeId
from mesh.pace import Pace, learned
from mesh.records import Engine, Receipt
from runtime.content.typed import from_value, to_value
from runtime.sandbox.engine import cpu_features
from runtime.terminal.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from runtime.sandbox.pool import Sandbox

SPEED: Final = "fuel-per-second/"
PACE: Final = "pace/"
CALIBRATION_SECONDS_MAX: Final = 7 * 24 * 3600
"""A measurement older than this is made again."""


def fuel_per_second(
    store: SqliteStore, engine: Engine, sandbox: Callable[[], Sandbox], *, now: int
) -> int:
    """Fuel that one core burns in a second, by a real measurement in the sandbox.

    Raises CommandError `sandbox-unusable`.
    """
    with store.read() as tx:
        known = tx.settings.get(SPEED + _machine(engine))
    if known is not None and abs(now - known["measured_at"]) <= CALIBRATION_SECONDS_MAX:
        return int(known["fuel_per_second"])
    from runtime.sandbox.confinement.selftest import UnusableError, calibrate

    try:
        measured = calibrate(sandbox()).fuel_per_second
    except UnusableError as error:
        raise CommandError(
            ExitCode.FAILED,
            "sandbox-unusable",
            f"no module can be executed on this machine: {error}",
            hint="meshctl doctor",
        ) from None
    if store.is_read_only:
        return measured
    with store.write() as tx:
        keep_speed(tx, engine, measured, now=now)
    return measured


def keep_speed(tx: SqliteTransaction, engine: Engine, measured: int, *, now: int) -> None:
    """Remember a measurement of this machine, and when it was made."""
    tx.settings.put(SPEED + _machine(engine), {"fuel_per_second": measured, "measured_at": now})


def known_speed(tx: SqliteTransaction, engine: Engine) -> int:
    """What was last measured for this engine on this processor, 0 before that."""
    known = tx.settings.get(SPEED + _machine(engine))
    return 0 if known is None else int(known["fuel_per_second"])


def pace_of(tx: SqliteTransaction, engine: Engine, node_id: NodeId, measured: int) -> Pace:
    """What a node's verified executions have shown; at first what was measured for all."""
    known = tx.settings.get(f"{PACE}{node_id}/{_machine(engine)}")
    if known is None:
        return Pace(fuel_per_second=max(1, measured), executions=0)
    return from_value(Pace, known)


def learn(tx: SqliteTransaction, engine: Engine, receipt: Receipt) -> None:
    """Take in what a verified receipt shows of its node's speed."""
    measured = known_speed(tx, engine)
    if not measured:
        return
    before = pace_of(tx, engine, receipt.node_id, measured)
    after = learned(before, receipt, measured)
    if after != before:
        tx.settings.put(f"{PACE}{receipt.node_id}/{_machine(engine)}", to_value(after))


@lru_cache(maxsize=16)
def _machine(engine: Engine) -> str:
    processor = blake3(cpu_features().encode()).hexdigest(8)
    return f"{engine.text}/{processor}"
