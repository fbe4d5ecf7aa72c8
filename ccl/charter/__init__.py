"""The charter: declarations, elaborated into one tree of constants with conditions.

It builds on the declarations and the constants of the checker. Conditions are expressions of code,
whose types the checker infers; then they are decided here.
"""

from ccl.charter.conditions.decisions import decide
from ccl.charter.conditions.purity import report_effects
from ccl.charter.elaboration import schemas
from ccl.charter.elaboration.reader import read_charter, report_open_rules
from ccl.checking.core.environment import Checker
from ccl.ir import typed

__all__ = ["decide_conditions", "elaborate"]


def elaborate(checker: Checker) -> None:
    """Reads the charter of every file, and the defaults for jobs from that of the root file."""
    for scope in checker.scoped.files.values():
        if scope.outer is None and scope.file not in checker.library_files:
            checker.charters[scope.file] = read_charter(checker, scope)
    checker.charter = checker.charters[checker.scoped.root]
    schemas.apply(checker, checker.charter)


def decide_conditions(
    checker: Checker, functions: dict[str, typed.Function]
) -> tuple[typed.CharterCondition, ...]:
    """Replaces typed conditions by functions that decide them.

    Now that all types are known, reports rules that compete, and conditions with effects.
    """
    report_open_rules(checker)
    conditions = checker.charter.conditions
    report_effects(checker.sink, conditions, functions)
    return decide(conditions, functions)
