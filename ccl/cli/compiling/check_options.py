"""Options of `cclc check`, and those of them that exclude each other."""

from pathlib import Path

from ccl.diagnostics.render import Format
from ccl.support.node import Node
from runtime.terminal.errors import CommandError, ExitCode


class CheckOptions(Node, frozen=True, kw_only=True):
    """unsafe: `fix` applies guesses, too. diff: show what `fix` would change, and write nothing.
    allowed: folders outside of the project that files may be taken from."""

    form: Format
    watch: bool
    fix: bool
    unsafe: bool
    diff: bool
    deny_warnings: bool
    max_errors: int
    allowed: tuple[Path, ...]


def refuse_contradictions(options: CheckOptions) -> None:
    """Raises CommandError for options that exclude each other."""
    if options.watch and (options.fix or options.deny_warnings):
        other = "--fix" if options.fix else "--deny-warnings"
        reason = (
            "a file that is being edited is not changed"
            if options.fix
            else "a watch has no exit code"
        )
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"--watch and {other} do not go together: {reason}",
            hint=f"first `cclc check {other} FILE`, then watch",
        )
    if options.unsafe and not options.fix:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "--unsafe-fixes needs --fix",
            hint="`cclc check --fix --unsafe-fixes --diff FILE` shows their changes",
        )
    if options.diff and (not options.fix or options.form.for_machines):
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "--diff needs --fix"
            if not options.fix
            else f"--diff shows changes as text, not in the format {options.form}",
            hint="`cclc check --fix --diff FILE` shows the changes",
        )
