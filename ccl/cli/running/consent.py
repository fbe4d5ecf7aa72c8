"""Consent to spending: the ceiling on the command line, and the prompt."""

import sys
from collections.abc import Iterable, Mapping, Sequence

import typer

from ccl.cli.running.jobs.earlier_runs import EarlierRun, warn_of
from ccl.cli.running.options import Options
from mesh.embedded.commands.runs import Submission, ceiling_of
from runtime.execution.effects import Effect, TransferTokens
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.token import RESOURCES


def spending(
    submissions: Iterable[Submission], effects: Iterable[Effect], before: Mapping[str, int]
) -> dict[str, int]:
    """Adds up the most that a run can cost so far, in units by resource type: the ceilings of its
    jobs, what those may spend on jobs of their own, and its transfers. before: of its earlier
    executions."""
    total = dict(before)
    for each in submissions:
        request = each.request
        delegated = 0 if request.children is None else request.children.budget
        name = request.resource_type.value
        total[name] = total.get(name, 0) + ceiling_of(request) + delegated
    for effect in effects:
        if isinstance(effect, TransferTokens) and effect.token_class in RESOURCES:
            total[effect.token_class] = total.get(effect.token_class, 0) + effect.amount
    return total


def consent(
    submissions: Sequence[Submission],
    effects: Sequence[Effect],
    before: Mapping[str, int],
    options: Options,
    earlier: tuple[EarlierRun, ...],
) -> dict[str, int]:
    """Gives the most that the run can have spent after this, after a prompt on a terminal.

    earlier: runs of the program before it was changed. Raises CommandError.
    """
    amounts = spending(submissions, effects, before)
    if amounts == dict(before):
        return amounts
    total = ", ".join(f"{amount} {kind} units" for kind, amount in amounts.items())
    if options.max_spend is not None and sum(amounts.values()) > options.max_spend:
        raise CommandError(
            ExitCode.DENIED,
            "over-max-spend",
            f"the program could spend {total}, more than --max-spend {options.max_spend}",
            hint="nothing of this was submitted; raise --max-spend, or lower the program's amounts",
            details=amounts,
        )
    if submissions and not before:
        warn_of(earlier, options.mesh_home)
    if options.yes or options.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return amounts
    count = len(submissions)
    jobs = f"Submit {count} job{'' if count == 1 else 's'}" if count else "Give units away"
    if not typer.confirm(f"{jobs}, for at most {total}?", default=not earlier, err=True):
        raise CommandError(
            ExitCode.DENIED,
            "declined",
            "nothing was submitted",
            hint="run it again and confirm, or pass --yes",
        )
    return amounts
