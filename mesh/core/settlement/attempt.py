"""An attempt as its issuer has it: its phases, its events, and the one table of its transitions.

Rule: `step` reads no clock and writes nothing. The result that is stored first decides; only a
settlement ends an attempt, and nothing follows one.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from mesh.core.records.settlement import Ground
from mesh.core.records.terms import Engine
from mesh.core.records.work import ROUNDS_MAX, WorkPhase
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.tokens.transfers import TransferId


class AttemptPhase(Enum):
    """The phases of an attempt, in their order."""

    HELD = "held"
    """The executor works; no result of it is fixed."""
    DRAWN = "drawn"
    """Its Receipt (in a sealed mesh its Seal) is stored and verifiers are drawn, who work."""
    OPENED = "opened"
    """Only in a sealed mesh: all whose seals count reveal their results."""
    SETTLED = "settled"


OPEN_PHASES: Final = frozenset({AttemptPhase.HELD, AttemptPhase.DRAWN, AttemptPhase.OPENED})


class Moment(Struct, frozen=True, kw_only=True):
    """A moment of the issuer's clocks. wall: Unix seconds; monotonic: milliseconds of one boot."""

    wall: int
    monotonic: int
    boot: str


class SignOfLife(Struct, frozen=True, kw_only=True):
    """The newest Progress of an executor or verifier."""

    signer: Did
    sequence: int
    at: Moment


class Drawn(Struct, frozen=True, kw_only=True):
    """A verifier, drawn in a round at a moment."""

    verifier: Did
    round: int
    at: Moment


class SealOf(Struct, frozen=True, kw_only=True):
    """A stored Seal."""

    signer: Did
    seal: Cid


class Result(Struct, frozen=True, kw_only=True):
    """The executor's revealed result. deterministic: CID of the result's block."""

    receipt: Cid
    anchor: Cid
    deterministic: Cid
    engine: Engine


class Vote(Struct, frozen=True, kw_only=True):
    """A verifier's revealed result."""

    verifier: Did
    attestation: Cid
    deterministic: Cid
    engine: Engine


class Attempt(Struct, frozen=True, kw_only=True):
    """One attempt at a job. hold: CID of the Hold record; id: of the ledger's hold.

    submitter: the manifest's signer. quorum, of verifiers: as the manifest asks. eligible_count: of
    those who may be drawn. running_first, running_last: moments of the first and last stored
    Progress `running`. signs: the newest Progress of each signer. opened: signers whose seals the
    Opening lists. opened_at: moment of the last Opening. enough_at: since when enough verifiers of
    the newest draw have spoken for a quorum. due_at: monotonic milliseconds of the
    issuer's boot, when time decides something.
    """

    hold: Cid
    id: TransferId
    award: Cid
    job: Cid
    bid: Cid
    submitter: Did
    executor: Did
    attempt: int
    is_sealed: bool
    quorum: int
    verifiers: int
    eligible_count: int
    amount: int
    pot: int
    lease_ms: int
    max_seconds: int
    work_seconds: int
    held_at: Moment
    phase: AttemptPhase = AttemptPhase.HELD
    running_first: Moment | None = None
    running_last: Moment | None = None
    signs: tuple[SignOfLife, ...] = ()
    first: Cid | None = None
    draws: tuple[Cid, ...] = ()
    drawn: tuple[Drawn, ...] = ()
    seals: tuple[SealOf, ...] = ()
    opening: Cid | None = None
    opened: tuple[Did, ...] = ()
    opened_at: Moment | None = None
    result: Result | None = None
    votes: tuple[Vote, ...] = ()
    enough_at: Moment | None = None
    ground: Ground | None = None
    settlement: Cid | None = None
    due_at: int | None = None

    @property
    def is_open(self) -> bool:
        return self.phase is not AttemptPhase.SETTLED

    @property
    def round(self) -> int:
        """The round of the newest draw, 0 before the first."""
        return len(self.draws)


class Heard(Struct, frozen=True, kw_only=True):
    """A Progress of the executor or a drawn verifier."""

    sign: SignOfLife
    phase: WorkPhase


class ResultFixed(Struct, frozen=True, kw_only=True):
    """The executor's first record is stored, and verifiers are drawn by it: `seal` in a sealed
    mesh, `result` in another."""

    first: Cid
    seal: SealOf | None
    result: Result | None
    draw: Cid
    verifiers: tuple[Did, ...]
    at: Moment


class VerifierSealed(Struct, frozen=True, kw_only=True):
    """A drawn verifier's Seal is stored."""

    seal: SealOf


class SealsOpened(Struct, frozen=True, kw_only=True):
    """The issuer has listed the seals that count."""

    opening: Cid
    signers: tuple[Did, ...]
    at: Moment


class Revealed(Struct, frozen=True, kw_only=True):
    """The executor has revealed the result that it had sealed."""

    result: Result


class Attested(Struct, frozen=True, kw_only=True):
    """A drawn verifier has revealed its result."""

    vote: Vote


class DrawWidened(Struct, frozen=True, kw_only=True):
    """Further verifiers are drawn, once, because no quorum was reached."""

    draw: Cid
    verifiers: tuple[Did, ...]
    at: Moment


class Settled(Struct, frozen=True, kw_only=True):
    """The hold has ended."""

    ground: Ground
    settlement: Cid


Event: TypeAlias = (
    Heard | ResultFixed | VerifierSealed | SealsOpened | Revealed | Attested | DrawWidened | Settled
)

_HELD, _DRAWN, _OPENED = AttemptPhase.HELD, AttemptPhase.DRAWN, AttemptPhase.OPENED
_SETTLED = AttemptPhase.SETTLED

TRANSITIONS: Final[Mapping[tuple[AttemptPhase, type[Event]], AttemptPhase]] = {
    (_HELD, Heard): _HELD,
    (_HELD, ResultFixed): _DRAWN,
    (_HELD, Settled): _SETTLED,
    (_DRAWN, Heard): _DRAWN,
    (_DRAWN, VerifierSealed): _DRAWN,
    (_DRAWN, Attested): _DRAWN,
    (_DRAWN, DrawWidened): _DRAWN,
    (_DRAWN, SealsOpened): _OPENED,
    (_DRAWN, Settled): _SETTLED,
    (_OPENED, Heard): _OPENED,
    (_OPENED, Revealed): _OPENED,
    (_OPENED, Attested): _OPENED,
    (_OPENED, DrawWidened): _DRAWN,
    (_OPENED, Settled): _SETTLED,
}


class StepRefusal(Enum):
    """Why an event changes nothing, in the order it is checked."""

    SETTLED = "the hold has ended"
    NOT_IN_THIS_PHASE = "nothing of the kind is due in this phase of the attempt"
    OLD_SIGN = "a newer progress of the same signer is known"
    NOT_TAKING_PART = "its signer is neither the executor nor a drawn verifier"
    WRONG_KIND = "a seal where a result is due, or a result where a seal is due"
    ALREADY_SEALED = "a seal of the same signer is stored"
    ALREADY_REVEALED = "a result of the same signer is stored"
    NOT_OPENED = "no opening lists a seal of its signer"
    ALREADY_WIDENED = "the draw was widened before"


Changes: TypeAlias = dict[str, Any]


def step(attempt: Attempt, event: Event) -> Attempt | StepRefusal:
    """The attempt after an event, or the reason why there is none. Never raises."""
    if not attempt.is_open:
        return StepRefusal.SETTLED
    phase = TRANSITIONS.get((attempt.phase, type(event)))
    if phase is None:
        return StepRefusal.NOT_IN_THIS_PHASE
    changes = _changes(attempt, event)
    if isinstance(changes, StepRefusal):
        return changes
    return replace(attempt, phase=phase, **changes)


def _changes(attempt: Attempt, event: Event) -> Changes | StepRefusal:
    """The fields that change by an event which the table allows, or what else speaks against it."""
    match event:
        case Heard():
            return _heard(attempt, event)
        case ResultFixed():
            return _fixed(attempt, event)
        case VerifierSealed(seal=seal):
            return _sealed(attempt, seal)
        case SealsOpened(opening=opening, signers=signers, at=at):
            if not attempt.is_sealed:
                return StepRefusal.WRONG_KIND
            return {"opening": opening, "opened": signers, "opened_at": at}
        case Revealed(result=result):
            if attempt.result is not None:
                return StepRefusal.ALREADY_REVEALED
            return {"result": result}
        case Attested(vote=vote):
            return _attested(attempt, vote)
        case DrawWidened(draw=draw, verifiers=verifiers, at=at):
            if attempt.round >= ROUNDS_MAX:
                return StepRefusal.ALREADY_WIDENED
            return _with_draw(attempt, draw, verifiers, at)
        case Settled(ground=ground, settlement=settlement):
            return {"ground": ground, "settlement": settlement}
        case _:
            assert_never(event)


def _heard(attempt: Attempt, event: Heard) -> Changes | StepRefusal:
    sign = event.sign
    before = next((each for each in attempt.signs if each.signer == sign.signer), None)
    if before is not None and before.sequence >= sign.sequence:
        return StepRefusal.OLD_SIGN
    if sign.signer != attempt.executor and not _is_drawn(attempt, sign.signer):
        return StepRefusal.NOT_TAKING_PART
    others = tuple(each for each in attempt.signs if each.signer != sign.signer)
    changes: Changes = {"signs": (*others, sign)}
    is_work = event.phase is WorkPhase.RUNNING and attempt.phase is AttemptPhase.HELD
    if is_work and sign.signer == attempt.executor:
        changes["running_first"] = attempt.running_first or sign.at
        changes["running_last"] = sign.at
    return changes


def _fixed(attempt: Attempt, event: ResultFixed) -> Changes | StepRefusal:
    if (event.seal is not None, event.result is None) != (attempt.is_sealed,) * 2:
        return StepRefusal.WRONG_KIND
    changes = _with_draw(attempt, event.draw, event.verifiers, event.at)
    seals = () if event.seal is None else (event.seal,)
    return changes | {"first": event.first, "seals": seals, "result": event.result}


def _sealed(attempt: Attempt, seal: SealOf) -> Changes | StepRefusal:
    if not attempt.is_sealed:
        return StepRefusal.WRONG_KIND
    if not _is_drawn(attempt, seal.signer):
        return StepRefusal.NOT_TAKING_PART
    if any(each.signer == seal.signer for each in attempt.seals):
        return StepRefusal.ALREADY_SEALED
    return {"seals": (*attempt.seals, seal)}


def _attested(attempt: Attempt, vote: Vote) -> Changes | StepRefusal:
    if not _is_drawn(attempt, vote.verifier):
        return StepRefusal.NOT_TAKING_PART
    if any(each.verifier == vote.verifier for each in attempt.votes):
        return StepRefusal.ALREADY_REVEALED
    if attempt.is_sealed and vote.verifier not in attempt.opened:
        return StepRefusal.NOT_OPENED
    return {"votes": (*attempt.votes, vote)}


def _with_draw(attempt: Attempt, draw: Cid, verifiers: tuple[Did, ...], at: Moment) -> Changes:
    number = attempt.round + 1
    drawn = tuple(Drawn(verifier=each, round=number, at=at) for each in verifiers)
    return {
        "draws": (*attempt.draws, draw),
        "drawn": (*attempt.drawn, *drawn),
        "enough_at": None,
    }


def _is_drawn(attempt: Attempt, did: Did) -> bool:
    return any(each.verifier == did for each in attempt.drawn)
