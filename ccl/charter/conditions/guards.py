"""Guards of rules: mutual exclusion, decided from their conditions without running them.

Sound and incomplete: guards that are called exclusive are; others may be so all the same.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

from ccl.charter.conditions.claims import Claim, Every, Formula, Known, Some, possible
from ccl.charter.conditions.formulas import ConditionReader, OwnNames
from ccl.checking.core.environment import Checker
from ccl.ir import typed
from ccl.ir.charter import Condition
from ccl.ir.typed import Guard


class Guards:
    """The formulas of the conditions of one charter.

    open_is_whole: a result without a declared type, and not inferred yet, is whole.
    """

    def __init__(
        self, checker: Checker, conditions: Sequence[Condition], *, open_is_whole: bool = False
    ) -> None:
        self._checker = checker
        self._open_is_whole = open_is_whole
        self._conditions = conditions
        self._own = OwnNames(checker)
        self._formulas: dict[typed.CharterTest, Formula] = {}
        self._fixed: dict[Guard, dict[str, Known]] = {}

    def exclusive(self, a: Guard, b: Guard) -> bool:
        """Returns whether the two can never hold at once."""
        fixed = self._fixed_by(b)
        if any(fixed.get(subject, value) != value for subject, value in self._fixed_by(a).items()):
            return True
        tests = a | b
        if any(typed.CharterTest(condition=t.condition, holds=not t.holds) in tests for t in tests):
            return True
        return not possible(self._of_test(test) for test in tests)

    @cached_property
    def assuming_whole(self) -> "Guards":
        """Returns the same guards, assuming that results without a known type are whole."""
        return Guards(self._checker, self._conditions, open_is_whole=True)

    def _fixed_by(self, guard: Guard) -> dict[str, Known]:
        """Returns the subjects that have one value wherever the guard holds: most rules have
        one."""
        if guard not in self._fixed:
            self._fixed[guard] = {
                f"{claim.reading}{claim.sort}{claim.subject}": claim.value
                for test in guard
                for claim in _claims_of(self._of_test(test))
                if claim.operator == "=="
            }
        return self._fixed[guard]

    def _of_test(self, test: typed.CharterTest) -> Formula:
        if test not in self._formulas:
            condition = self._conditions[test.condition]
            scope = self._checker.scoped.files[condition.scope]
            reader = ConditionReader(
                self._checker, scope, self._own, open_is_whole=self._open_is_whole
            )
            self._formulas[test] = reader.formula(condition.expr, holds=test.holds)
        return self._formulas[test]


def _claims_of(formula: Formula) -> Iterator[Claim]:
    """Yields the claims that hold wherever the formula does."""
    match formula:
        case Claim():
            yield formula
        case Every(parts):
            for part in parts:
                yield from _claims_of(part)
        case Some():
            pass
