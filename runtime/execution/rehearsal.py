"""The execution of a test: its additional requests, and its records at the end.

A context is of a test when it has the record `test`; only `ccl test` makes such contexts.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from ccl.abi.test_calls import TEST_RECORD


class Expectation(Struct, frozen=True):
    """The `assert_traps` that was entered; `reason` is a part of the expected reason."""

    place: str
    reason: str


class Comparison(Struct, frozen=True):
    """The operands of a failed assertion: DAG-CBOR of two values of the type `kind`."""

    kind: str
    left: bytes
    right: bytes


class Rehearsed(Struct, frozen=True, kw_only=True):
    """The records of a test for its runner. reached: how many `assert_traps` the test came to."""

    reached: int
    entered: Expectation | None
    compared: Comparison | None

    def to_value(self) -> dict[str, Any]:
        entered, compared = self.entered, self.compared
        return {
            "reached": self.reached,
            "entered": None if entered is None else [entered.place, entered.reason],
            "compared": None
            if compared is None
            else [compared.kind, compared.left, compared.right],
        }

    @staticmethod
    def from_value(value: Any) -> "Rehearsed":
        """Raises TypeError for another shape."""
        match value:
            case {
                "reached": int(reached),
                "entered": None | [str(), str()] as entered,
                "compared": None | [str(), bytes(), bytes()] as compared,
            }:
                return Rehearsed(
                    reached=reached,
                    entered=None if entered is None else Expectation(*entered),
                    compared=None if compared is None else Comparison(*compared),
                )
            case _:
                raise TypeError("a rehearsal of unknown form")


class Rehearsal(Struct, kw_only=True):
    """The state of a test that is being executed. `enter`: the `assert_traps` to enter, counted
    from 1; 0 for none."""

    enter: int
    reached: int = 0
    entered: Expectation | None = None
    compared: Comparison | None = None
    roles: dict[str, list[str]] = field(default_factory=dict)
    """By DID, in the order in which they were granted."""

    @property
    def records(self) -> Rehearsed:
        return Rehearsed(reached=self.reached, entered=self.entered, compared=self.compared)


def rehearsal_of(records: Mapping[str, Any]) -> Rehearsal | None:
    """Makes the rehearsal that a context's records describe, None for a context of no test."""
    match records.get(TEST_RECORD):
        case {"enter": int(number)}:
            return Rehearsal(enter=number)
        case _:
            return None
