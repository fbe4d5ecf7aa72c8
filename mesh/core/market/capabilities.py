"""Typed capabilities of nodes, and the constraints by which a job asks for them.

Rule: a name means one thing; an amount satisfies any smaller one, a text only itself.
"""

from collections.abc import Iterable

from mesh.core.records.terms import Capability, Constraint, Requirements


def constraints_of(requirements: Requirements) -> tuple[Constraint, ...]:
    """All that is asked for; a feature is a flag."""
    flags = tuple(Constraint(name=name) for name in requirements.features)
    return flags + requirements.constraints


def satisfies(offered: Iterable[Capability], wanted: Constraint) -> bool:
    """Whether one of the capabilities is what is asked for."""
    return any(
        each.name == wanted.name
        and (wanted.least is None or (each.amount is not None and each.amount >= wanted.least))
        and (wanted.text is None or each.text == wanted.text)
        for each in offered
    )


def first_unsatisfied(
    offered: Iterable[Capability], requirements: Requirements
) -> Constraint | None:
    """The first constraint that no capability satisfies; None if there is none."""
    capabilities = tuple(offered)
    for wanted in constraints_of(requirements):
        if not satisfies(capabilities, wanted):
            return wanted
    return None


def constraint_text(wanted: Constraint) -> str:
    """As users write it: `gpu`, `gpu.memory_bytes ≥ 8`, `arch = x86_64`."""
    parts = [wanted.name]
    if wanted.least is not None:
        parts.append(f"≥ {wanted.least}")
    if wanted.text is not None:
        parts.append(f"= {wanted.text}")
    return " ".join(parts)
