"""The sandbox of a home and its speed: started, and measured, when something needs it.

Rule: a measurement belongs to one engine on one processor; one that is old is made again.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mesh.actors.stores import Store
from mesh.embedded.driving.turns import Turns
from mesh.embedded.machine.machine import EmbeddedMachine
from mesh.embedded.machine.speeds import known_speed, machine_name
from mesh.embedded.rows import HOME, SPEEDS, SpeedRow
from mesh.home.config import Config
from mesh.home.home import Home
from runtime.content.cid import Cid
from runtime.module.check import ModuleFacts, Rejection
from runtime.sandbox.limits import SandboxLimits
from runtime.terminal.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from runtime.sandbox.pool import Sandbox

CALIBRATION_SECONDS_MAX: Final = 7 * 24 * 3600
"""A measurement older than this is made again."""


class LocalSandbox:
    """Where a home's modules are checked and executed."""

    def __init__(self, home: Home, config: Config) -> None:
        self._home = home
        self._config = config
        self._sandbox: Sandbox | None = None
        self.machine = EmbeddedMachine(self.verdict)
        self.is_measured = False

    @property
    def sandbox(self) -> "Sandbox":
        if self._sandbox is None:
            from runtime.sandbox.pool import Sandbox

            self._sandbox = Sandbox(
                cache_dir=self._home.cache / "modules",
                workers=self._config.worker_count,
                cache_key_path=self._home.keys / "compiled-modules.key",
                limits=sandbox_limits(self._config),
            )
        return self._sandbox

    def verdict(self, module: Cid) -> ModuleFacts | Rejection | None:
        """What was found of a module before; None where it was not checked here."""
        return self.sandbox.admission.known(module)

    def admit(self, module: Cid, data: bytes) -> None:
        """Have the verdict on a module, for the nodes that are asked to execute it."""
        self.sandbox.admission.admit(self.machine.learn(module, data), data)

    def measure(self, store: Store, turns: Callable[[], Turns], *, now: int) -> None:
        """Have the speed of this machine's cores, by a real measurement unless there is one.

        Raises CommandError `sandbox-unusable`.
        """
        if self.is_measured:
            return
        with store.view() as view:
            known = view.rows(HOME, SPEEDS).get(machine_name())
        if known is None or abs(now - known.measured_at) > CALIBRATION_SECONDS_MAX:
            known = SpeedRow(
                machine=machine_name(), fuel_per_second=self._calibrated(), measured_at=now
            )
            row = known
            with turns().turn() as opened:
                opened.command(HOME, lambda tx, _: tx.rows(SPEEDS).put(row))
        self.machine.fuel_per_second = known.fuel_per_second
        self.is_measured = True

    def recall(self, store: Store) -> None:
        """Take the speed that was last measured here, if there is one."""
        known = known_speed(store)
        if known:
            self.machine.fuel_per_second = known

    def _calibrated(self) -> int:
        from runtime.sandbox.confinement.selftest import UnusableError, calibrate

        try:
            return calibrate(self.sandbox).fuel_per_second
        except UnusableError as error:
            raise CommandError(
                ExitCode.FAILED,
                "sandbox-unusable",
                f"no module can be executed on this machine: {error}",
                hint="meshctl doctor",
            ) from None

    def close(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None


def sandbox_limits(config: Config) -> SandboxLimits:
    """What this machine gives to compiling a module."""
    return SandboxLimits(
        compile_cpu_seconds=config.compile_seconds,
        compile_wall_seconds=max(30.0, 3.0 * config.compile_seconds),
        compile_address_bytes=config.compile_bytes,
    )
