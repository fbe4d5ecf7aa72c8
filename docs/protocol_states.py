"""Tables and diagrams of the two state machines, what grounds pay, refusals, and slots."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from mesh.actors.base import MessageRefusal
from mesh.core.jobs import job
from mesh.core.membership.equivocation import SLOTS
from mesh.core.records.market import DeclineReason
from mesh.core.settlement import attempt
from mesh.core.settlement.payments import TERMS
from mesh.core.settlement.refusals import AwardRefusal, RequestRefusal


def job_diagram() -> str:
    moves = (
        ("[*]" if phase is None else phase.value, event.__name__, transition.to.value)
        for (phase, event), transition in job.TRANSITIONS.items()
    )
    return _diagram(moves, (phase.value for phase in sorted(job.FINAL, key=lambda p: p.value)))


def job_table() -> str:
    rows = (
        (
            "" if phase is None else phase.value,
            event.__name__,
            transition.to.value,
            "" if transition.rests_on is None else transition.rests_on.__name__,
        )
        for (phase, event), transition in job.TRANSITIONS.items()
    )
    return _table(("In", "Event", "To", "Rests on"), rows)


def attempt_diagram() -> str:
    moves = (
        (phase.value, event.__name__, to.value)
        for (phase, event), to in attempt.TRANSITIONS.items()
    )
    first, last = attempt.AttemptPhase.HELD.value, attempt.AttemptPhase.SETTLED.value
    return _diagram([("[*]", "Hold", first), *moves], (last,))


def attempt_table() -> str:
    rows = (
        (phase.value, event.__name__, to.value)
        for (phase, event), to in attempt.TRANSITIONS.items()
    )
    return _table(("In", "Event", "To"), rows)


def payments_table() -> str:
    rows = (
        (
            f"`{ground.value}`",
            terms.executor.value,
            terms.verifier.value,
            terms.end.value,
            terms.blame.value,
        )
        for ground, terms in TERMS.items()
    )
    head = ("Ground", "Executor", "Each agreeing verifier", "Job", "Evidence on the executor")
    return _table(head, rows)


def refusals_table(kind: type[Enum]) -> str:
    def word(each: Enum) -> str:
        return f"`{each.name.lower().replace('_', '-')}`"

    return _table(("Reason", "Meaning"), ((word(each), each.value) for each in kind))


def declines_table() -> str:
    return _table(("Reason",), ((f"`{each.value}`",) for each in DeclineReason))


def slots_list() -> str:
    return ", ".join(sorted(f"[{kind.__name__}](#{kind.__name__.lower()})" for kind in SLOTS))


REFUSALS: Mapping[str, type[Enum]] = {
    "of messages": MessageRefusal,
    "of awards": AwardRefusal,
    "of requests": RequestRefusal,
}


def _diagram(moves: Iterable[tuple[str, str, str]], final: Iterable[str]) -> str:
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for start, event, end in moves:
        arrows[start, end].append(event)
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {start} --> {end}: {'<br/>'.join(e)}" for (start, end), e in arrows.items()]
    lines += [f"    {each} --> [*]" for each in final]
    return "\n".join([*lines, "```"])


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])
