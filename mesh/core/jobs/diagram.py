"""The state diagram of a job, drawn from its table of transitions (Mermaid)."""

from collections import defaultdict

from mesh.core.jobs.job import FINAL, TRANSITIONS


def diagram() -> str:
    """Mermaid text: an arrow for each pair of phases, with its events and what they rest on."""
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (phase, event), transition in TRANSITIONS.items():
        start = "[*]" if phase is None else phase.value
        rests_on = transition.rests_on
        words = event.__name__ if rests_on is None else f"{event.__name__} ({rests_on.__name__})"
        arrows[start, transition.to.value].append(words)
    lines = ["stateDiagram-v2"]
    for (start, end), causes in arrows.items():
        lines.append(f"    {start} --> {end}: {'<br/>'.join(causes)}")
    lines.extend(f"    {phase.value} --> [*]" for phase in sorted(FINAL, key=lambda p: p.value))
    return "\n".join(lines) + "\n"
