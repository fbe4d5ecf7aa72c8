"""Limits that an operator sets for jobs: each one of the configuration where it is applied.

Rule: what is over a limit is refused by name before it costs anything; the limits that decide
results go into the context, so that every verifier has the same.
"""

from mesh.adapters.sqlite import SqliteTransaction
from mesh.config import RANGES, Config
from mesh.records import JobManifest
from runtime.execution.context import Limits
from runtime.sandbox.limits import SandboxLimits
from runtime.terminal.errors import CommandError, ExitCode


def check_limits(
    tx: SqliteTransaction, config: Config, manifest: JobManifest, chain_length: int
) -> None:
    """Raise CommandError `over-limit` for the first limit that the job is over."""
    module = tx.blocks.size(manifest.module)
    given = None if manifest.input is None else tx.blocks.size(manifest.input)
    for name, noun, value in (
        ("module_bytes", "the module's bytes", module),
        ("input_bytes", "the input's bytes", given),
        (
            "memory_bytes",
            "the bytes of memory that the job asks for",
            manifest.requirements.memory_bytes,
        ),
        ("description_bytes", "the description's bytes", len(manifest.description.encode())),
        ("token_chain", "the chain of tokens", chain_length),
    ):
        most = getattr(config, name)
        if value is not None and value > most:
            raise CommandError(
                ExitCode.USAGE,
                "over-limit",
                f"{noun}: {value}, at most {most} are taken here",
                hint=_way_out(name, most),
                details={"limit": name, "most": most, "found": value},
            )


def _way_out(name: str, most: int) -> str:
    """Nothing is raised over what this version takes at all."""
    ceiling = RANGES[name][1]
    if most >= ceiling:
        return f"no mesh of this version takes more than {ceiling}; ask for less"
    return f"ask for less, or raise {name} in config.toml, to at most {ceiling}"


def allowed_limits(config: Config) -> Limits:
    """What an execution may use, as its context says; fuel and memory come from the job."""
    return Limits(
        fuel=0,
        input_bytes=config.input_bytes,
        output_bytes=config.output_bytes,
        log_bytes=config.log_bytes,
        effects=config.effects,
    )


def sandbox_limits(config: Config) -> SandboxLimits:
    """What this machine gives to compiling a module."""
    return SandboxLimits(
        compile_cpu_seconds=config.compile_seconds,
        compile_wall_seconds=max(30.0, 3.0 * config.compile_seconds),
        compile_address_bytes=config.compile_bytes,
    )
