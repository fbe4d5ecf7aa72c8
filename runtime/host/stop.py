"""The end of an execution before its entry returns: a `Stop` with the outcome."""

from typing import Final

from runtime.execution.execution import Outcome, OutcomeKind

OUT_OF_FUEL: Final = Outcome(kind=OutcomeKind.OUT_OF_FUEL, reason="the fuel is used up")


class Stop(Exception):
    """Ends the execution with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def trap(reason: str, detail: str = "") -> Stop:
    return Stop(Outcome(kind=OutcomeKind.TRAPPED, reason=reason, detail=detail))


def limit(reason: str, detail: str = "") -> Stop:
    return Stop(Outcome(kind=OutcomeKind.LIMIT, reason=reason, detail=detail))
