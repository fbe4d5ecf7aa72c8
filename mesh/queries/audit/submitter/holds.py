"""The audit of what a submitter keeps of its attempts: awards, holds, ends, evidence, anchors.

Rule: histories name the records; each row follows from the record, and every settlement is checked
anew.
"""

from collections.abc import Iterator

from mesh.actors.submitter.rows import (
    ANCHORS,
    AWARDS,
    EVIDENCE,
    HOLDS,
    SETTLED,
    TALLIES,
    AnchorRow,
    AwardRow,
    EvidenceRow,
    HoldRow,
    SettledRow,
    TallyRow,
)
from mesh.core.fields import JobId
from mesh.core.jobs import events as ev
from mesh.core.jobs.events import Event
from mesh.core.market.reputation import evidence_of, tally_of
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Anchor, Hold
from mesh.queries.audit.compare import compare
from mesh.queries.audit.findings import Finding
from mesh.queries.audit.reading import ActorStore
from mesh.queries.audit.settled import (
    against_hold,
    against_settlement,
    lost,
    order_of,
    settled_records,
)
from mesh.queries.audit.submitter.histories import Histories
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed


class Attempts:
    """The holds of a submitter's jobs, and how they ended, by its histories."""

    def __init__(self, histories: Histories) -> None:
        self.store = histories.store
        self.unsound = histories.unsound
        self.held: dict[Cid, ev.HoldReceived] = {}
        self.job_of: dict[Cid, JobId] = {}
        self.ends: dict[Cid, Signed[Settlement]] = {}
        self.awards: dict[Cid, Cid] = {}
        self.anchors: list[Cid] = []
        for job_id, history in histories.events.items():
            for stored in history:
                self._take(job_id, stored.event)

    def _take(self, job_id: JobId, event: Event) -> None:
        match event:
            case ev.AwardSigned():
                self.awards[event.award] = event.award
            case ev.HoldReceived():
                self.awards[event.award] = event.award
                self.held[event.hold] = event
                self.job_of[event.hold] = job_id
            case ev.ReceiptAnchored():
                self.anchors.append(event.anchor)
            case _:
                settlement = self.store.get(Settlement, getattr(event, "settlement", None))
                if settlement is not None:
                    self.ends[settlement.body.hold] = settlement


def check_holds(found: Attempts) -> Iterator[Finding]:
    store = found.store
    yield from compare(
        store, AWARDS, _awards(found), lambda row: f"award {row.award} of job {row.job_id}"
    )
    yield from compare(
        store, HOLDS, _holds(found), lambda row: f"hold {row.hold} of job {row.job_id}"
    )
    yield from compare(
        store, SETTLED, _settled(found), lambda row: f"settlement of hold {row.hold}"
    )
    yield from compare(
        store,
        ANCHORS,
        _anchors(found),
        lambda row: f"anchor {row.sequence} of {store.home.members.name(row.member)}",
    )
    yield from _check_ends(found)


def _awards(found: Attempts) -> Iterator[AwardRow]:
    """Awards of this submitter's jobs, and those that it has signed as a delegate."""
    own = {each.cid for each in found.store.own(Award)}
    for cid in own | found.awards.keys():
        award = found.store.get(Award, cid)
        manifest = None if award is None else found.store.get(JobManifest, award.body.job)
        if award is not None and manifest is not None:
            yield AwardRow(
                award=cid,
                job=manifest.cid,
                job_id=manifest.body.job_id,
                owner=manifest.signer,
                bid=award.body.bid,
                attempt=award.body.attempt,
            )


def _holds(found: Attempts) -> Iterator[HoldRow]:
    for hold, event in found.held.items():
        yield HoldRow(
            hold=hold,
            job_id=found.job_of[hold],
            attempt=event.attempt,
            executor=event.executor,
            issuer=event.signer,
            award=event.award,
            is_settled=hold in found.ends,
        )
    for row in found.store.rows(HOLDS):
        if row.job_id in found.unsound and row.hold not in found.held:
            yield row


def _settled(found: Attempts) -> Iterator[SettledRow]:
    for hold, settlement in found.ends.items():
        yield SettledRow(
            hold=hold,
            settlement=settlement.cid,
            is_contradicted=is_contradicted(found.store, settlement),
            issued_at=settlement.body.issued_at,
        )
    unsound = {row.hold for row in found.store.rows(HOLDS) if row.job_id in found.unsound}
    for row in found.store.rows(SETTLED):
        if row.hold in unsound and row.hold not in found.ends:
            yield row


def is_contradicted(store: ActorStore, settlement: Signed[Settlement]) -> bool:
    """Whether its issuer has signed another end of the same hold."""
    others = store.about(Settlement, settlement.body.hold)
    return any(each.signer == settlement.signer and each.cid != settlement.cid for each in others)


def _anchors(found: Attempts) -> Iterator[AnchorRow]:
    """The anchor of each place; of several, the one that came first."""
    stored = {row.anchor for row in found.store.rows(ANCHORS)}
    places: dict[tuple[Did, int], list[Cid]] = {}
    for cid in found.anchors:
        anchor = found.store.get(Anchor, cid)
        if anchor is not None:
            places.setdefault((anchor.signer, anchor.body.sequence), []).append(cid)
    for (member, sequence), cids in places.items():
        first = next((cid for cid in cids if cid in stored), cids[0])
        yield AnchorRow(member=member, sequence=sequence, anchor=first)
    for row in found.store.rows(ANCHORS):
        anchor = found.store.get(Anchor, row.anchor)
        place = (row.member, row.sequence)
        if found.unsound and anchor is not None and place not in places:
            yield row


def _check_ends(found: Attempts) -> Iterator[Finding]:
    """Each hold as the order of its award, each end by what it rests on, and what it says of the
    members that took part."""
    evidence: list[EvidenceRow] = []
    store = found.store
    for cid in found.held:
        hold = store.get(Hold, cid)
        order = None if hold is None else order_of(store, hold)
        if order is None:
            yield lost(store, f"hold {cid}", "a block that it rests on")
            continue
        yield from against_hold(store, order)
        settlement = found.ends.get(cid)
        if settlement is None:
            continue
        yield from against_settlement(store, settlement, order)
        records = settled_records(store, settlement.body, order)
        if records is not None and not is_contradicted(store, settlement):
            evidence += (
                EvidenceRow(
                    member=each.member,
                    hold=cid,
                    kind=each.kind,
                    value=each.value,
                    settlement=settlement.cid,
                )
                for each in evidence_of(settlement.body.ground, order, records)
            )
    known = {row.hold for row in evidence}
    unsound = {row.hold for row in store.rows(HOLDS) if row.job_id in found.unsound}
    evidence += (
        row for row in store.rows(EVIDENCE) if row.hold in unsound and row.hold not in known
    )
    yield from compare(
        store,
        EVIDENCE,
        evidence,
        lambda row: f"evidence of {store.home.members.name(row.member)} by hold {row.hold}",
    )
    yield from compare(
        store,
        TALLIES,
        _tallies(evidence),
        lambda row: f"sum of the evidence of {store.home.members.name(row.member)}",
    )


def _tallies(evidence: list[EvidenceRow]) -> Iterator[TallyRow]:
    for member in {row.member for row in evidence}:
        of_member = ((row.kind, row.value) for row in evidence if row.member == member)
        yield TallyRow(member=member, tally=tally_of(of_member))
