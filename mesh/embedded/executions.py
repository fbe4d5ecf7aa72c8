"""Executions of this process for the actors of a home: claimed in turns, carried out between them.

Rule: a row is claimed by a process that holds its owner's lock, and only while it holds a slot of
the machine; the most urgent row of the home first. What was taken back loses its worker at once;
what has not begun is handed back, so that it waits for no process more than for another.
"""

import heapq
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from mesh.actors.stores import Turn, View, WorkRow
from mesh.core.ports.work import Execute, Executed, Failed, Work, WorkFault, WorkId, WorkResult
from mesh.core.records.terms import Priority
from mesh.embedded.requests import Requests
from mesh.embedded.slots import Owner, Slots
from mesh.embedded.turns import Finished
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.sandbox.request import OF_THE_MODULE, Fault, FaultReason, Request, Side, Ticket

if TYPE_CHECKING:
    from runtime.sandbox.pool import Result, Sandbox

Key: TypeAlias = tuple[Did, WorkId]

AGEING_SECONDS: Final = 30
"""After so long waiting work is as urgent as the next priority."""
AHEAD_SECONDS: Final = 0.05
"""So much work is claimed for each slot."""
UNKNOWN_SECONDS: Final = 0.025
"""An execution of a module that was not executed here before."""
UNBEGUN_SECONDS: Final = 0.2
"""After so long what was claimed and has not begun is handed back."""
CLAIMED_MAX: Final = 64
"""By one turn."""
TRIES_MAX: Final = 3
"""How often one execution is tried when the machine is at fault."""
MODULES_KEPT_MAX: Final = 256
_RANKS: Final = {priority: rank for rank, priority in enumerate(Priority)}
_WORTH_ANOTHER_TRY: Final = frozenset(
    {
        FaultReason.COMPILER_DIED,
        FaultReason.WORKER_DIED,
        FaultReason.WORKER_UNUSABLE,
        FaultReason.HOST_LIMIT,
        FaultReason.MISBEHAVED,
    }
)


def urgency(row: WorkRow, now: int) -> tuple[int, int, Did, WorkId]:
    """The place of work among others, the least first: by priority with a rank for each 30 s that
    it has waited, then by age."""
    assert row.priority is not None and row.since is not None, "only executions are ordered"
    rank = _RANKS[row.priority] + max(0, now - row.since) // AGEING_SECONDS
    return (-rank, row.since, row.actor, row.id)


class Claim(Struct):
    """An execution that this process has claimed. ticket: once it was handed to the sandbox."""

    row: WorkRow
    request: Request
    claimed_at: float
    started_at: int
    ticket: Ticket | None = None
    tries: int = 0


class Executions:
    """All executions that this process knows of. open: not claimed by anybody alive."""

    def __init__(
        self,
        *,
        owner: Owner,
        slots: Slots,
        requests: Requests,
        side_of: Callable[[Did], Side],
        sandbox: Callable[[], "Sandbox"],
        wall: Callable[[], int],
        elapsed: Callable[[], float],
    ) -> None:
        """side_of: an actor; wall: Unix seconds; elapsed: seconds of a monotonic clock."""
        self._owner = owner
        self._slots = slots
        self._requests = requests
        self._side_of = side_of
        self._make_sandbox = sandbox
        self._wall = wall
        self._elapsed = elapsed
        self._open: dict[Key, WorkRow] = {}
        self._claims: dict[Key, Claim] = {}
        self._keys: dict[Ticket, Key] = {}
        self._done: list[Finished] = []
        self._seconds: dict[Cid, float] = {}
        self._sandbox: Sandbox | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is open or under way, as far as this process knows."""
        return not (self._open or self._claims or self._done)

    # --- what is known of the store

    def learn(self, asked: Iterable[WorkRow]) -> None:
        """Executions that a committed turn has asked for."""
        for row in asked:
            self._open[row.actor, row.id] = row

    def refresh(self, view: View) -> None:
        """Look at what other processes have asked for, taken back, or left behind."""
        rows = {
            (row.actor, row.id): row
            for row in view.open_work().select()
            if isinstance(row.work, Execute)
        }
        for key in [key for key in self._claims if key not in rows]:
            self.forget((key,))
        alive: dict[str, bool] = {}
        self._open = {
            key: row
            for key, row in rows.items()
            if key not in self._claims and not self._is_claimed(row, alive)
        }

    def _is_claimed(self, row: WorkRow, alive: dict[str, bool]) -> bool:
        """Whether a living process does the work. alive: as found out so far."""
        name = row.claimed_by
        if name is None:
            return False
        if name not in alive:
            alive[name] = self._owner.is_alive(name)
        return alive[name]

    def forget(self, cancelled: Iterable[Key]) -> None:
        """Work that was taken back: it is not begun, and its worker ends at once."""
        for key in cancelled:
            self._open.pop(key, None)
            claim = self._claims.pop(key, None)
            if claim is not None and claim.ticket is not None:
                self._give_up(claim.ticket)

    def _give_up(self, ticket: Ticket) -> None:
        assert self._sandbox is not None, "it has given the ticket"
        del self._keys[ticket]
        self._sandbox.cancel(ticket)
        self._sandbox.poll((ticket,))

    # --- within a turn

    def take_done(self) -> tuple[Finished, ...]:
        """The results that have come in, each given out once."""
        done = tuple(self._done)
        self._done.clear()
        return done

    def claim(self, turn: Turn) -> tuple[Claim, ...]:
        """Claim what is most urgent, as much as this process can soon do; to be begun after the
        commit. Raises CommandError as `Slots.take`."""
        wanted = len(self._open) + len(self._claims)
        slots = self._slots.take(wanted)
        if not slots or not self._open:
            return ()
        now = self._wall()
        ahead = AHEAD_SECONDS * slots - sum(self._expected(c.row) for c in self._claims.values())
        found: list[Claim] = []
        for row in heapq.nsmallest(CLAIMED_MAX, self._open.values(), lambda row: urgency(row, now)):
            if ahead <= 0 and len(self._claims) + len(found) >= slots:
                break
            if not self._is_still_open(turn, row):
                del self._open[row.actor, row.id]
                continue
            turn.claim(row.actor, row.id, self._owner.name)
            ahead -= self._expected(row)
            claim = self._claimed(turn, row)
            if claim is not None:
                found.append(claim)
        return tuple(found)

    def _is_still_open(self, turn: Turn, row: WorkRow) -> bool:
        """Whether nobody has ended or claimed the work since it was looked at."""
        stored = turn.open_work().get(row.actor, row.id)
        return stored is not None and stored.claimed_by == row.claimed_by

    def _claimed(self, turn: Turn, row: WorkRow) -> Claim | None:
        """The claim on a row; None where it cannot be executed: then that is the result."""
        assert isinstance(row.work, Execute), "fetches are done at once"
        request = self._requests.request(turn.blocks(row.actor), row.work, self._side_of(row.actor))
        if isinstance(request, Failed):
            del self._open[row.actor, row.id]
            self._done.append(Finished(actor=row.actor, work=row.id, result=request))
            return None
        return Claim(row=row, request=request, claimed_at=self._elapsed(), started_at=self._wall())

    def hand_back(self, turn: Turn, *, all_of_them: bool = False) -> tuple[Key, ...]:
        """Give up claims on work that has not begun in time, or on all work. To be forgotten, and
        learned anew, after the commit."""
        now = self._elapsed()
        found = []
        for key, claim in self._claims.items():
            is_late = now - claim.claimed_at > UNBEGUN_SECONDS and not self._is_begun(claim)
            if (all_of_them or is_late) and turn.claim(*key, None):
                found.append(key)
        return tuple(found)

    # --- between turns

    def begin(self, claims: Iterable[Claim]) -> None:
        """Hand what a committed turn has claimed to the sandbox, in that order."""
        for claim in claims:
            key = claim.row.actor, claim.row.id
            self._open.pop(key, None)
            self._claims[key] = claim
            self._submit(key, claim)

    def _submit(self, key: Key, claim: Claim) -> None:
        if self._sandbox is None:
            self._sandbox = self._make_sandbox()
        self._sandbox.executions_max = self._slots.held
        claim.tries += 1
        claim.ticket = self._sandbox.submit(claim.request)
        self._keys[claim.ticket] = key

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for executions to end, at most so long; whether there are results."""
        if self._sandbox is None or not self._keys:
            return bool(self._done)
        ended = self._sandbox.wait(tuple(self._keys), timeout_seconds=timeout_seconds)
        for ticket, result in ended.items():
            self._ended(self._keys.pop(ticket), result)
        return bool(self._done)

    def _ended(self, key: Key, result: "Result") -> None:
        claim = self._claims[key]
        if isinstance(result, Fault):
            if result.reason in _WORTH_ANOTHER_TRY and claim.tries < TRIES_MAX:
                self._submit(key, claim)
                return
            found: WorkResult = Failed(fault=_fault(result), detail=str(result))
        else:
            self._note_speed(claim.row.work, result.metrics.wall_ms / 1000)
            found = Executed(execution=result, started_at=claim.started_at, ended_at=self._wall())
        del self._claims[key]
        self._done.append(Finished(actor=key[0], work=key[1], result=found))

    def close(self) -> None:
        """Give the slots back; what is under way is given up."""
        self.forget(tuple(self._claims))
        self._slots.take(0)

    # --- how long things take

    def _is_begun(self, claim: Claim) -> bool:
        return (
            self._sandbox is not None
            and claim.ticket is not None
            and self._sandbox.is_begun(claim.ticket)
        )

    def _expected(self, row: WorkRow) -> float:
        return self._seconds.get(row.work.module, UNKNOWN_SECONDS)

    def _note_speed(self, work: Work, seconds: float) -> None:
        module = work.module
        if len(self._seconds) >= MODULES_KEPT_MAX:
            self._seconds.clear()
        self._seconds[module] = (self._seconds.get(module, seconds) + seconds) / 2


def _fault(fault: Fault) -> WorkFault:
    """What a fault of the sandbox says of the work."""
    if fault.reason in OF_THE_MODULE:
        return WorkFault.MODULE
    if fault.reason is FaultReason.WALL_CLOCK:
        return WorkFault.WALL_CLOCK
    return WorkFault.MACHINE
