"""Decisions: what an attempt's records and the time since ask of its issuer now.

Rule: pure and total. All who were drawn are waited for, since each that agrees is paid; but not
who is silent for a lease, and at most twice as long as the quorum took. A quorum decides; without
one the draw is widened once.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeAlias, assert_never

from msgspec import Struct

from mesh.core.records.settlement import Ground
from mesh.core.records.work import DRAWN_MAX, ROUNDS_MAX
from mesh.core.settlement.attempt import Attempt, AttemptPhase, Drawn, Moment, Vote
from mesh.core.settlement.clock import Clock, elapsed_ms
from mesh.core.verification.verdicts import Judgement, Verdict
from runtime.content.did import Did

NO_JUDGEMENT: Final = Judgement(verdict=None)


class Wait(Struct, frozen=True, kw_only=True):
    """Nothing is due before `until`: monotonic milliseconds of this boot."""

    until: int


class Widen(Struct, frozen=True, kw_only=True):
    """Further verifiers are to be drawn."""


class Open(Struct, frozen=True, kw_only=True):
    """The seals of all who sealed are to be listed."""


class End(Struct, frozen=True, kw_only=True):
    """The hold is to be settled. agreeing: verifiers of the quorum."""

    ground: Ground
    agreeing: tuple[Did, ...] = ()


Decision: TypeAlias = Wait | Widen | Open | End


def decide(attempt: Attempt, judgement: Judgement, *, clock: Clock) -> Decision | None:
    """The next step of an attempt, None after its end.

    judgement: of the attestations about the executor's result, without a verdict before there is
    one.
    """
    match attempt.phase:
        case AttemptPhase.HELD:
            return _execution(attempt, clock)
        case AttemptPhase.DRAWN:
            if attempt.is_sealed:
                return _sealing(attempt, judgement, clock)
            return _verdict(attempt, judgement, _working(attempt, clock))
        case AttemptPhase.OPENED:
            return _opening(attempt, judgement, clock)
        case AttemptPhase.SETTLED:
            return None
        case _:
            assert_never(attempt.phase)


def have_enough_spoken(attempt: Attempt, judgement: Judgement) -> bool:
    """Whether those who have spoken are a quorum; from then on the others are hurried."""
    if attempt.is_sealed:
        return len(attempt.seals) > attempt.quorum
    return judgement.verdict is not None


def agreeing_among(votes: Iterable[Vote], quorum: int) -> tuple[Did, ...]:
    """The verifiers of the one largest quorum, where the executor's result is not known; sorted."""
    everyone = tuple(votes)
    sizes = Counter((vote.deterministic, vote.engine.text) for vote in everyone).most_common(2)
    if not sizes or sizes[0][1] < quorum:
        return ()
    if len(sizes) > 1 and sizes[0][1] == sizes[1][1]:
        return ()
    return tuple(
        sorted(
            vote.verifier
            for vote in everyone
            if (vote.deterministic, vote.engine.text) == sizes[0][0]
        )
    )


def _execution(attempt: Attempt, clock: Clock) -> Decision:
    lease = clock.lapses_at(_heard(attempt, attempt.executor, attempt.held_at), attempt.lease_ms)
    if clock.now.monotonic >= lease:
        return End(ground=Ground.SILENT)
    over = clock.ends_at(attempt.running_first or attempt.held_at, 1000 * attempt.max_seconds)
    if clock.now.monotonic >= over:
        return End(ground=Ground.WALL_CLOCK)
    return Wait(until=min(lease, over))


def _sealing(attempt: Attempt, judgement: Judgement, clock: Clock) -> Decision:
    waiting = _working(attempt, clock)
    if waiting:
        return Wait(until=min(waiting))
    signers = {each.signer for each in attempt.seals}
    if len(signers - {attempt.executor}) < attempt.quorum and _can_widen(attempt):
        return Widen()
    if signers - set(attempt.opened):
        # Also where too few have sealed: what was done without a quorum is shown, not paid.
        return Open()
    return _verdict(attempt, judgement, [])


def _opening(attempt: Attempt, judgement: Judgement, clock: Clock) -> Decision:
    assert attempt.opened_at is not None, "the table opens before this phase"
    lapse = clock.lapses_at(attempt.opened_at, attempt.lease_ms)
    is_over = clock.now.monotonic >= lapse
    if attempt.result is None:
        if not is_over:
            return Wait(until=lapse)
        agreeing = agreeing_among(attempt.votes, attempt.quorum)
        return End(ground=Ground.UNOPENED, agreeing=agreeing)
    spoken = {vote.verifier for vote in attempt.votes} | {attempt.executor}
    silent = len(set(attempt.opened) - spoken)
    return _verdict(attempt, judgement, [] if is_over else [lapse] * silent)


def _verdict(attempt: Attempt, judgement: Judgement, waiting: list[int]) -> Decision:
    """waiting: when the lease ends of each verifier who may still speak."""
    if waiting:
        return Wait(until=min(waiting))
    if judgement.verdict is not None:
        is_confirmed = judgement.verdict is Verdict.CONFIRMED
        ground = Ground.VERIFIED if is_confirmed else Ground.REFUTED
        return End(ground=ground, agreeing=judgement.agreeing)
    return Widen() if _can_widen(attempt) else End(ground=Ground.NO_QUORUM)


def _can_widen(attempt: Attempt) -> bool:
    may_be_drawn = min(attempt.eligible_count, DRAWN_MAX)
    return attempt.round < ROUNDS_MAX and may_be_drawn > len(attempt.drawn)


def _working(attempt: Attempt, clock: Clock) -> list[int]:
    """When the lease ends of each verifier who works, and is not silent."""
    done = {each.signer for each in attempt.seals} | {vote.verifier for vote in attempt.votes}
    ends = (
        _working_until(attempt, each, clock) for each in attempt.drawn if each.verifier not in done
    )
    return [end for end in ends if clock.now.monotonic < end]


def _working_until(attempt: Attempt, drawn: Drawn, clock: Clock) -> int:
    lease = clock.lapses_at(_heard(attempt, drawn.verifier, drawn.at), attempt.lease_ms)
    longest = 1000 * attempt.max_seconds + attempt.lease_ms
    ends = (lease, clock.ends_at(drawn.at, longest))
    if attempt.enough_at is None:
        return min(ends)
    # No verifier delays a settlement, by signs of life alone, to more than twice the others' time.
    took = max(attempt.lease_ms, elapsed_ms(attempt.drawn[-1].at, attempt.enough_at))
    return min(*ends, clock.lapses_at(attempt.enough_at, took))


def _heard(attempt: Attempt, signer: Did, since: Moment) -> Moment:
    """The newest sign of a signer, or the moment since which it is waited for."""
    return next((each.at for each in attempt.signs if each.signer == signer), since)
