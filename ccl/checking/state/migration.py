"""`fn migrate(old: Data)`: migration of state that was stored in another shape."""

from ccl.checking.core.environment import Checker
from ccl.checking.core.signatures import Signature
from ccl.resolver.scopes import FileScope

MIGRATION = "migrate"


def migration_of(checker: Checker, scope: FileScope) -> Signature | None:
    """Returns `fn migrate` of a file or contract that has state."""
    if MIGRATION not in scope.own_functions or not has_state(checker, scope.home):
        return None
    return checker.signatures.get(checker.function_id(scope, MIGRATION))


def has_state(checker: Checker, home: str) -> bool:
    return any(each.scope.home == home for each in checker.states.values())
