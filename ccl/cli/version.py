"""`--version` of the compiler's commands."""

from ccl.version import VERSION
from runtime.terminal.streams import say


def say_version(name: str, *, verbose: bool) -> None:
    """The version, and with `verbose` what the command is built from."""
    say(f"{name} {VERSION}")
    if verbose:
        from hashlib import sha256

        from ccl.syntax.tables import GRAMMAR
        from runtime.sandbox.engine import engine_text
        from runtime.terminal.build_facts import say_facts

        say_facts(engine_text, {"grammar": f"sha256 {sha256(GRAMMAR.read_bytes()).hexdigest()}"})
