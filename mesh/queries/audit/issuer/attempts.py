"""The audit of an issuer's jobs and attempts against holds, draws, results and settlements.

Rule: the issuer's own clocks (moments, signs of life) are in no record: they are kept as they are.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TypeVar

from msgspec.structs import replace

from mesh.actors.issuer.rows import ATTEMPTS, JOBS, JobRow
from mesh.core.records.jobs import JobManifest
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Opening, Receipt, Seal
from mesh.core.settlement.attempt import (
    Attempt,
    AttemptPhase,
    Drawn,
    Moment,
    Result,
    SealOf,
    Vote,
)
from mesh.core.settlement.check import OrderedWork
from mesh.core.verification.seals import opens
from mesh.queries.audit.compare import compare
from mesh.queries.audit.findings import Finding
from mesh.queries.audit.issuer.facts import HoldFacts, IssuerFacts
from mesh.queries.audit.settled import against_hold, against_settlement, lost, order_of
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed

T = TypeVar("T")

_CLOCKS = ("running_first", "running_last", "signs", "opened_at", "enough_at")


def check_attempts(facts: IssuerFacts) -> Iterator[Finding]:
    """Each hold has its attempt, each attempt its hold; every settlement is checked anew."""
    for hold in facts.lacking:
        yield lost(facts.store, f"hold {hold.cid}", "a record that it rests on")
    expected = []
    for each in facts.holds:
        order = order_of(facts.store, each.hold)
        if order is None:
            yield lost(facts.store, f"hold {each.hold.cid}", "a block that it rests on")
            continue
        yield from against_hold(facts.store, order)
        if each.settlement is not None:
            yield from against_settlement(facts.store, each.settlement, order)
        expected.append(_attempt(facts, each, order))
    lacking = {hold.cid for hold in facts.lacking}
    kept = [row for row in facts.store.rows(ATTEMPTS) if row.hold in lacking]
    yield from compare(
        facts.store, ATTEMPTS, (*expected, *kept), lambda row: f"attempt of hold {row.hold}"
    )


def _attempt(facts: IssuerFacts, each: HoldFacts, order: OrderedWork) -> Attempt:
    body, genesis = each.hold.body, order.members.genesis.body
    stored = facts.store.row(ATTEMPTS, each.hold.cid)
    bare = Attempt(
        hold=each.hold.cid,
        id=body.id,
        award=body.award,
        job=body.job,
        bid=body.bid,
        submitter=each.manifest.signer,
        executor=body.executor,
        attempt=body.attempt,
        is_sealed=genesis.sealed,
        quorum=order.quorum,
        verifiers=each.manifest.body.trust.verifiers,
        eligible_count=len(order.listed),
        amount=body.amount,
        pot=body.pot,
        lease_ms=body.lease_ms,
        max_seconds=body.max_seconds,
        work_seconds=each.bid.body.work_seconds,
        held_at=_held_at(body, stored),
    )
    known = bare if stored is None else stored
    found = replace(bare, **{name: getattr(known, name) for name in _CLOCKS})
    return _with_progress(facts, each, found, known)


def _held_at(hold: Hold, stored: Attempt | None) -> Moment:
    """Its wall clock is that of the hold; the others are in no record."""
    if stored is None:
        return Moment(wall=hold.issued_at, monotonic=0, boot="")
    is_later = stored.held_at.wall > hold.issued_at
    return replace(stored.held_at, wall=hold.issued_at) if is_later else stored.held_at


def _with_progress(facts: IssuerFacts, each: HoldFacts, bare: Attempt, known: Attempt) -> Attempt:
    """The attempt with draws, seals, results, and its end."""
    hold = each.hold.cid
    draws = _draws(facts, hold)
    opening = _opening(facts, hold)
    drawn = tuple(
        Drawn(verifier=verifier, round=draw.body.round, at=_drawn_at(known, verifier))
        for draw in draws
        for verifier in draw.body.verifiers
    )
    seals = tuple(
        SealOf(signer=seal.signer, seal=seal.cid) for seal in facts.store.about(Seal, hold)
    )
    listed = () if opening is None else opening.body.seals
    by_seal = {each.seal: each.signer for each in seals}
    opened = tuple(by_seal[seal] for seal in listed if seal in by_seal)
    result, votes = _results(facts, each, {one.verifier for one in drawn})
    settlement = each.settlement
    return replace(
        bare,
        phase=_phase(each, draws, opening),
        first=draws[0].body.first if draws else None,
        draws=tuple(draw.cid for draw in draws),
        drawn=drawn,
        seals=_as_arrived(known.seals, seals),
        opening=None if opening is None else opening.cid,
        opened=opened,
        result=result,
        votes=_as_arrived(known.votes, votes),
        ground=None if settlement is None else settlement.body.ground,
        settlement=None if settlement is None else settlement.cid,
        # A deadline that is missing is now: the attempt is looked at again.
        due_at=None if settlement is not None else (known.due_at or 0),
    )


def _phase(
    each: HoldFacts, draws: list[Signed[Draw]], opening: Signed[Opening] | None
) -> AttemptPhase:
    if each.settlement is not None:
        return AttemptPhase.SETTLED
    if not draws:
        return AttemptPhase.HELD
    is_opened = opening is not None and len(opening.body.draws) == len(draws)
    return AttemptPhase.OPENED if is_opened else AttemptPhase.DRAWN


def _draws(facts: IssuerFacts, hold: Cid) -> list[Signed[Draw]]:
    found = [each for each in facts.store.about(Draw, hold) if each.signer == facts.did]
    return sorted(found, key=lambda each: each.body.round)


def _opening(facts: IssuerFacts, hold: Cid) -> Signed[Opening] | None:
    """The newest: a later one follows a wider draw, or lists more seals."""
    found = [each for each in facts.store.about(Opening, hold) if each.signer == facts.did]
    return max(found, key=lambda each: (len(each.body.draws), len(each.body.seals)), default=None)


def _drawn_at(known: Attempt, verifier: Did) -> Moment:
    return next((each.at for each in known.drawn if each.verifier == verifier), known.held_at)


def _as_arrived(known: tuple[T, ...], found: tuple[T, ...]) -> tuple[T, ...]:
    """In the order in which they came, which no record has, where they are the same."""
    is_same = len(known) == len(found) and all(each in known for each in found)
    return known if is_same else found


def _results(
    facts: IssuerFacts, each: HoldFacts, drawn: set[Did]
) -> tuple[Result | None, tuple[Vote, ...]]:
    """The results that count: those of the settlement, or those that are stored so far."""
    store, hold = facts.store, each.hold.cid
    seals = {seal.signer: seal for seal in store.about(Seal, hold)}
    is_sealed = store.home.members.genesis.body.sealed

    def shows(signer: Did, deterministic: Cid, nonce: bytes | None) -> bool:
        if store.result(deterministic) is None:
            return False
        seal = seals.get(signer)
        return not is_sealed or (seal is not None and opens(seal, deterministic, nonce))

    settlement = each.settlement
    receipts = [
        receipt
        for receipt in store.about(Receipt, hold)
        if receipt.signer == each.hold.body.executor
        and shows(receipt.signer, receipt.body.deterministic, receipt.body.nonce)
        and (settlement is None or settlement.body.receipt == receipt.cid)
    ]
    votes = tuple(
        Vote(
            verifier=vote.signer,
            attestation=vote.cid,
            deterministic=vote.body.deterministic,
            engine=vote.body.engine,
        )
        for vote in store.about(Attestation, hold)
        if vote.signer in drawn
        and shows(vote.signer, vote.body.deterministic, vote.body.nonce)
        and (settlement is None or vote.cid in settlement.body.attestations)
    )
    return _result(facts, receipts), votes


def _result(facts: IssuerFacts, receipts: list[Signed[Receipt]]) -> Result | None:
    for receipt in receipts:
        for anchor in facts.store.about(Anchor, receipt.cid, "receipt"):
            if anchor.signer == receipt.signer:
                return Result(
                    receipt=receipt.cid,
                    anchor=anchor.cid,
                    deterministic=receipt.body.deterministic,
                    engine=receipt.body.engine,
                )
    return None


# --- jobs


def check_jobs(facts: IssuerFacts) -> Iterator[Finding]:
    """Each job that was held, with its tree and what that has taken."""
    yield from compare(
        facts.store, JOBS, expected_jobs(facts), lambda row: f"job {row.job_id} of the issuer"
    )


def expected_jobs(facts: IssuerFacts) -> list[JobRow]:
    manifests = {each.manifest.cid: each.manifest for each in facts.holds}
    delegated: Counter[Cid] = Counter()
    for each in facts.holds:
        for above in _ancestors(facts, each.manifest):
            delegated[above.cid] += each.paid
    rows = []
    for cid, manifest in manifests.items():
        parent = manifest.body.parent
        tree = _ancestors(facts, manifest)
        rows.append(
            JobRow(
                manifest=cid,
                submitter=manifest.signer,
                job_id=manifest.body.job_id,
                root=tree[-1].cid if tree else cid,
                parent=None if parent is None else parent.cause,
                position=None if parent is None else parent.position,
                delegated=delegated[cid],
            )
        )
    return rows


def _ancestors(facts: IssuerFacts, manifest: Signed[JobManifest]) -> list[Signed[JobManifest]]:
    """The jobs that one descends from, the nearest first."""
    found: list[Signed[JobManifest]] = []
    job = manifest
    while (parent := job.body.parent) is not None:
        above = facts.store.get(JobManifest, parent.cause)
        if above is None:
            break
        found.append(above)
        job = above
    return found
