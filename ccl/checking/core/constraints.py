"""Constraints: typing rules that wait until a type is known.

`x.length()`, `x.name`, `x[i]`, `for e in x`, `match x`, `x?`, `x * 2` mean different things for
different types of `x`. Where that type is open, the expression gets an open type of its own and a
constraint, which is attempted when the type it waits for becomes known. At the end of the file
nothing more can become known; then a constraint may be decided by a default, or stays unsolved.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ccl.checking.core.environment import Body, Checker, Constraint, Solving
from ccl.checking.core.unification import is_open, variables_in, zonk
from ccl.diagnostics.model import Sink
from ccl.ir.types import Type
from ccl.source.spans import FileId


def wait_for(
    body: Body, kinds: Sequence[Type], attempt: Callable[[bool], bool], *, scoped: bool = False
) -> None:
    """Attempts the constraint whenever one of `kinds` becomes known.

    `scoped`: the attempt looks up names, so it keeps the scopes as they are here.
    """
    scopes = [dict(each) for each in body.scopes] if scoped else body.scopes
    solving = body.checker.solving
    constraint = Constraint(
        body=body,
        solving=solving,
        kinds=tuple(kinds),
        attempt=attempt,
        scopes=scopes,
        loops=list(body.loops),
    )
    solving.pending.append(constraint)
    if not _watch(constraint):
        constraint.wake()


def _watch(constraint: Constraint) -> bool:
    """Waits at every variable that is still open; returns whether there is any."""
    waits = False
    for kind in constraint.kinds:
        for var in variables_in(kind):
            var.waiting.append(constraint)
            waits = True
    return waits


def solve_ready(checker: Checker) -> None:
    """Attempts the constraints whose types have become known."""
    ready = checker.solving.ready
    while ready:
        constraint = ready.popleft()
        constraint.queued = False
        if not constraint.solved and not _attempt(constraint, by_default=False):
            _watch(constraint)


def _attempt(constraint: Constraint, *, by_default: bool) -> bool:
    body = constraint.body
    here = body.scopes, body.loops
    body.scopes, body.loops = constraint.scopes, constraint.loops
    constraint.solved = constraint.attempt(by_default)
    body.scopes, body.loops = here
    return constraint.solved


def close(checker: Checker) -> None:
    """Solves constraints and open numbers by their defaults at the end of a file.

    A constraint without a default stays unsolved, which elaboration reports. Errors that a Result
    leaves out come last, when nothing else is open any more.
    """
    _settle(checker, errors=False)
    _settle(checker, errors=True)


def _settle(checker: Checker, *, errors: bool) -> None:
    solving = checker.solving
    solve_ready(checker)
    while True:
        pending, solving.pending = solving.pending, []
        for constraint in pending:
            if not constraint.solved:
                _attempt(constraint, by_default=True)
                solve_ready(checker)
        settled = _settle_defaults(checker, errors=errors)
        left = [each for each in pending if not each.solved]
        progress = settled or len(left) < len(pending) or bool(solving.pending)
        solving.pending += left
        if not progress:
            return


def _settle_defaults(checker: Checker, *, errors: bool) -> bool:
    """Binds open numbers, and omitted error types, to their defaults; returns whether there were
    any."""
    solving = checker.solving
    defaults, solving.defaults = [each for each in solving.defaults if is_open(each)], []
    for kind in defaults:
        zonk(kind, default=True, errors=errors)
    left = [kind for kind in defaults if is_open(kind)]
    solving.defaults += left
    solve_ready(checker)
    return len(left) < len(defaults)


@contextmanager
def inferring(checker: Checker, file: FileId) -> Iterator[None]:
    """Infers a file or function separately from the state of checking around it."""
    before = checker.solving, checker.final, checker.sink, checker.muted, checker.depth
    checker.solving, checker.final, checker.sink = Solving(file=file), False, Sink()
    checker.muted, checker.depth = True, 0
    yield
    checker.solving, checker.final, checker.sink, checker.muted, checker.depth = before
