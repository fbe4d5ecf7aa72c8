"""The trace of a simulation, and its sequence diagram in Mermaid.

Rule: equal messages that follow each other directly become one arrow; a lost one ends in a cross.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct


class Step(Struct, frozen=True, kw_only=True):
    """One message, or a note about one actor. at: true time; to: None for a note."""

    at: int
    sender: str
    to: str | None
    text: str
    is_lost: bool = False


def sequence_diagram(steps: Iterable[Step], actors: Sequence[str]) -> str:
    """Draws the steps as a Mermaid sequence diagram, with the actors that take part in them."""
    drawn = _merged(steps)
    present = {name for step in drawn for name in (step.sender, step.to)}
    lines = ["sequenceDiagram"]
    lines += [f"    participant {_id(name)} as {name}" for name in actors if name in present]
    for step in drawn:
        if step.to is None:
            lines.append(f"    Note over {_id(step.sender)}: {step.text}")
        else:
            arrow = "-x" if step.is_lost else "->>"
            lines.append(f"    {_id(step.sender)}{arrow}{_id(step.to)}: {step.text}")
    return "\n".join(lines) + "\n"


def _merged(steps: Iterable[Step]) -> list[Step]:
    merged: list[Step] = []
    for step in steps:
        if merged and _arrow(merged[-1]) == _arrow(step):
            continue
        merged.append(step)
    return merged


def _arrow(step: Step) -> tuple[str, str | None, str, bool]:
    return step.sender, step.to, step.text, step.is_lost


def _id(name: str) -> str:
    return name.replace("-", "_")
