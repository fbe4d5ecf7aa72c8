"""Executions of this process for the actors of a home: claimed in turns, carried out between them.

Rule: a row is claimed by a process that holds its owner's lock, and only while it holds a slot of
the machine; the most urgent row of the home first. While one process leads, others leave it what it
soon claims: so they need no workers. What was taken back loses its worker at once; what has not
begun is handed back, so that it waits for no process more than for another.
"""

import heapq
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.stores import Turn, View, WorkRow
from mesh.core.ports.work import Execute, Executed, Failed, Work, WorkFault, WorkId, WorkResult
from mesh.core.records.terms import Priority
from mesh.embedded.driving.requests import Requests
from mesh.embedded.driving.slots import Lead, Owner, Slots
from mesh.embedded.driving.turns import Finished
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.sandbox.request import OF_THE_MODULE, Fault, FaultReason, Request, Side, Ticket

if TYPE_CHECKING:
    from runtime.sandbox.pool import Result, Sandbox

Key: TypeAlias = tuple[Did, WorkId]

AGEING_SECONDS: Final = 30
"""After so long waiting work is as urgent as the next priority."""
PATIENCE_SECONDS: Final = 1.0
"""So long open work is left to the process that leads, from when it has last taken some of it."""
AHEAD_SECONDS: Final = 0.05
"""So much work is claimed for each slot."""
UNKNOWN_SECONDS: Final = 0.025
"""An execution of a module that was not executed here before."""
UNBEGUN_SECONDS: Final = 0.2
"""After so long what was claimed and has not begun is handed back."""
GATHER_SECONDS: Final = 0.005
"""So long results wait for those of others that are expected to end as soon."""
GATHERED_MAX: Final = 32
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
    """All executions that this process knows of."""

    def __init__(
        self,
        *,
        owner: Owner,
        slots: Slots,
        lead: Lead,
        requests: Requests,
        side_of: Callable[[Did], Side],
        sandbox: Callable[[], "Sandbox"],
        wall: Callable[[], int],
        elapsed: Callable[[], float],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """side_of: an actor; wall: Unix seconds; elapsed: seconds of a monotonic clock."""
        self.patience_seconds = patience_seconds
        self._owner = owner
        self._slots = slots
        self._lead = lead
        self._requests = requests
        self._side_of = side_of
        self._make_sandbox = sandbox
        self._wall = wall
        self._elapsed = elapsed
        self._open: dict[Key, WorkRow] = {}
        self._left_since = elapsed()
        """Nobody has taken any of the open work since."""
        self._elsewhere: dict[Key, WorkRow] = {}
        """Claimed by other processes, as they were when they were looked at."""
        self._claims: dict[Key, Claim] = {}
        self._keys: dict[Ticket, Key] = {}
        self._done: list[Finished] = []
        self._seconds: dict[Cid, float] = {}
        self._sandbox: Sandbox | None = None

    @property
    def has_claims(self) -> bool:
        """Whether this process may have claimed work that is still open."""
        return bool(self._claims or self._done)

    def leads(self) -> bool:
        """Whether this process executes for all others of the home, from now on if none does."""
        return self._lead.take()

    def is_awaited(self) -> bool:
        """Whether this process has workers for what is left, and others wait that would have to
        start some."""
        is_left = bool(self._open or self.has_claims)
        return is_left and self._sandbox is not None and self._lead.is_awaited()

    def takes_part(self) -> bool:
        """Whether this process executes, or would if it knew of open work."""
        return self.has_claims or self.leads() or self._may_claim()

    # --- what is known of the store

    def learn(self, asked: Iterable[WorkRow]) -> None:
        """Executions that a committed turn has asked for."""
        if not self._open:
            self._left_since = self._elapsed()
        for row in asked:
            self._open[row.actor, row.id] = row

    def refresh(self, view: View) -> None:
        """Look at what other processes have asked for, taken back, or left behind."""
        rows = {
            (row.actor, row.id): row
            for row in view.open_work().select()
            if isinstance(row.work, Execute)
        }
        self.forget([key for key in self._claims if key not in rows])
        before = set(self._open)
        self._open.clear()
        self._elsewhere.clear()
        for key, row in rows.items():
            if key not in self._claims:
                (self._open if row.claimed_by is None else self._elsewhere)[key] = row
        if not before or not before <= self._open.keys():
            self._left_since = self._elapsed()
        self.take_over()

    def take_over(self) -> None:
        """Look for work of processes that are dead: it is open again, in the same attempt."""
        names = {row.claimed_by for row in self._elsewhere.values()}
        dead = {name for name in names if name is not None and not self._owner.is_alive(name)}
        for key in [key for key, row in self._elsewhere.items() if row.claimed_by in dead]:
            self._open[key] = self._elsewhere.pop(key)

    def forget(self, cancelled: Iterable[Key]) -> None:
        """Work that was taken back: it is not begun, and its worker ends at once."""
        tickets = []
        for key in cancelled:
            self._open.pop(key, None)
            self._elsewhere.pop(key, None)
            claim = self._claims.pop(key, None)
            if claim is not None and claim.ticket is not None:
                tickets.append(claim.ticket)
                del self._keys[claim.ticket]
        if tickets:
            assert self._sandbox is not None, "it has given the tickets"
            self._sandbox.cancel(*tickets)
            self._sandbox.poll(tickets)

    # --- within a turn

    def wants_turn(self) -> bool:
        """Whether a turn would take in results, claim work, or hand some back."""
        if self._done or self._late():
            return True
        if not self._may_claim():
            return False
        slots = self._slots.take(len(self._open) + len(self._claims))
        return bool(slots) and (len(self._claims) < slots or self._ahead(slots) > 0)

    def take_done(self) -> tuple[Finished, ...]:
        """The results that have come in, each given out once."""
        done = tuple(self._done)
        self._done.clear()
        return done

    def claim(self, turn: Turn) -> tuple[Claim, ...]:
        """Claim what is most urgent, as much as this process can soon do; to be begun after the
        commit. Raises CommandError as `Slots.take`."""
        if not self._may_claim():
            return ()
        slots = self._slots.take(len(self._open) + len(self._claims))
        if not slots:
            return ()
        now = self._wall()
        ahead = self._ahead(slots)
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

    def _may_claim(self) -> bool:
        """Whether there is open work that is not left to another process."""
        if not self._open:
            return False
        return self.leads() or self._elapsed() - self._left_since > self.patience_seconds

    def _ahead(self, slots: int) -> float:
        """How many seconds of work could still be claimed."""
        return AHEAD_SECONDS * slots - sum(map(self._left, self._claims.values()))

    def _left(self, claim: Claim) -> float:
        """Seconds that a claim is expected to take a slot; all that are planned, of one that takes
        longer than that."""
        if self._elapsed() - claim.claimed_at > AHEAD_SECONDS and self._is_begun(claim):
            return AHEAD_SECONDS
        return self._expected(claim.row)

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

    def hand_back_late(self, turn: Turn) -> tuple[Key, ...]:
        """Give up claims on work that has not begun in time; to be `reopened` after the commit."""
        late = self._late()
        for key in late:
            turn.claim(*key, None)
        return late

    def hand_back(self, turn: Turn) -> None:
        """Give up the claims on all work."""
        for row in turn.open_work().select(claimed_by=self._owner.name):
            turn.claim(row.actor, row.id, None)

    def _late(self) -> tuple[Key, ...]:
        """Claims that wait behind others. What waits for its module to be compiled, or for a
        worker to be started, would wait for them elsewhere, too."""
        if len(self._claims) <= self._slots.held:
            return ()
        before = self._elapsed() - UNBEGUN_SECONDS
        waiting = [key for key, claim in self._claims.items() if not self._is_begun(claim)]
        if len(self._claims) - len(waiting) < self._slots.held:
            return ()
        return tuple(key for key in waiting if self._claims[key].claimed_at < before)

    # --- between turns

    def begin(self, claims: Iterable[Claim]) -> None:
        """Hand what a committed turn has claimed to the sandbox, in that order."""
        for claim in claims:
            key = claim.row.actor, claim.row.id
            self._open.pop(key, None)
            self._claims[key] = claim
            self._submit(key, claim)

    def reopen(self, handed_back: Iterable[Key]) -> None:
        """Work that a committed turn has handed back: open for everybody, also for this process."""
        rows = {key: replace(self._claims[key].row, claimed_by=None) for key in handed_back}
        self.forget(rows)
        self._open.update(rows)

    def _submit(self, key: Key, claim: Claim) -> None:
        if self._sandbox is None:
            self._sandbox = self._make_sandbox()
        self._sandbox.executions_max = self._slots.held
        claim.tries += 1
        claim.ticket = self._sandbox.submit(claim.request)
        self._keys[claim.ticket] = key

    def wait(self, timeout_seconds: float) -> None:
        """Wait for executions to end, at most so long; those that end at almost the same time are
        taken in together, so that they share a turn."""
        if self._done:
            return
        if not self._keys:
            time.sleep(timeout_seconds)
            return
        self._collect(timeout_seconds)
        until = self._elapsed() + GATHER_SECONDS
        while self._done and len(self._done) < GATHERED_MAX and self._ends_soon():
            rest = until - self._elapsed()
            if rest <= 0:
                break
            self._collect(rest)

    def _ends_soon(self) -> bool:
        """Whether another execution is expected to end within the time for gathering."""
        return any(self._left(self._claims[key]) <= GATHER_SECONDS for key in self._keys.values())

    def _collect(self, timeout_seconds: float) -> None:
        assert self._sandbox is not None, "it has given the tickets"
        ended = self._sandbox.wait(tuple(self._keys), timeout_seconds=timeout_seconds)
        for ticket, result in ended.items():
            self._ended(self._keys.pop(ticket), result)

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
        """Give slots and lead back; what is under way is given up, and open again for everybody."""
        self.reopen(tuple(self._claims))
        self._slots.take(0)
        self._lead.free()

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
