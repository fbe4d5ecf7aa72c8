"""The submitter's and issuer's side of a test mesh: a driver over the core and a store.

It has no state but its store and the time it last sent something, so it may be restarted at
any point: what was asked for and is not done is asked for again.
"""

from dataclasses import dataclass
from typing import TypeVar

from awarding import account_of, award_records, place_hold
from meshfolk import Folk
from meshnet import Message, Network

from mesh import events as ev
from mesh.core.findings import Fault
from mesh.dag import check_anchor
from mesh.events import JobKey
from mesh.federation import check_attestation, draw, escalation
from mesh.job import FINAL, Effect, Job, Phase, StepRefusal, turn_of
from mesh.journal import Recorded, Refusal, record
from mesh.market import Candidate, rank
from mesh.ports import ChainKind, Head, Store, Transaction, Work
from mesh.receipts import verify_receipt
from mesh.records import (
    Anchor,
    Attestation,
    Award,
    Bid,
    Decline,
    JobManifest,
    Receipt,
    Settlement,
    read_as,
)
from mesh.reputation import reputation
from mesh.settlement import (
    NO_EFFECTS,
    Close,
    Escalate,
    Lose,
    closing_event,
    follow_up,
    lose_attempt,
    losing_event,
    settle,
    void,
)
from mesh.submission import Purse, check_submission
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.identity.signed import Signed, sign
from runtime.tokens.in_force import UsageKey

T = TypeVar("T")

RETRY_SECONDS = 7
GATHER_SECONDS = 20


@dataclass(kw_only=True)
class Coordinator:
    folk: Folk
    store: Store
    network: Network
    awards_by_itself: bool = True

    def __post_init__(self) -> None:
        self.sent_at: dict[str, int] = {}
        self.refusals: list[object] = []

    # --- commands

    def submit(self, manifest: Signed[JobManifest]) -> JobKey:
        body = manifest.body
        key = JobKey(submitter=manifest.signer, job_id=body.job_id)
        with self.store.write() as tx:
            tx.blocks.put(manifest.cid, manifest.block)
            created = ev.JobCreated(
                manifest=manifest.cid,
                bid_deadline=body.bid_deadline,
                expires_at=body.expires_at,
                quorum=body.trust.quorum,
                verifiers=body.trust.verifiers,
                priority=body.priority,
            )
            self._record(tx, key, created)
        return key

    def award(self, key: JobKey, chosen: Cid, *, expected: int | None = None) -> Recorded | Refusal:
        """Give the job to the bid `chosen`."""
        folk, now = self.folk, self.network.now
        with self.store.write() as tx:
            job = self._job(tx, key)
            manifest = self._load(tx, JobManifest, job.manifest)
            bid = self._load(tx, Bid, chosen)
            records = award_records(folk, job, manifest, bid, now)
            for cid, block in records.blocks:
                tx.blocks.put(cid, block)
            policy = tx.ledger.policy(folk.founder.did, manifest.body.resource_type)
            place = place_hold(folk, records, manifest, policy)
            result = record(tx, key, records.event, now, expected=expected, hold=place)
            if not isinstance(result, Recorded):
                self.refusals.append(result)
            return result

    # --- what it hears

    def hear(self, message: Message) -> None:
        block = message.blocks[0]
        with self.store.write() as tx:
            match message.subject:
                case "bid":
                    self._take_bid(tx, read_as(Bid, block, self.folk.mesh))
                case "decline":
                    self._take_decline(tx, read_as(Decline, block, self.folk.mesh))
                case "started":
                    self._take_start(tx, read_as(Award, block, self.folk.mesh))
                case "receipt":
                    self._take_receipt(tx, read_as(Receipt, block, self.folk.mesh))
                case "anchor":
                    self._take_anchor(tx, read_as(Anchor, block, self.folk.mesh))
                case "attestation":
                    self._take_attestation(tx, read_as(Attestation, block, self.folk.mesh))

    def _take_bid(self, tx: Transaction, bid: Signed[Bid]) -> None:
        job = self._by_manifest(tx, bid.body.job)
        if job is None:
            return
        tx.blocks.put(bid.cid, bid.block)
        event = ev.BidReceived(
            bid=bid.cid,
            bidder=bid.signer,
            node_id=bid.body.node_id,
            expires_at=bid.body.expires_at,
        )
        self._record(tx, job.key, event)

    def _take_decline(self, tx: Transaction, decline: Signed[Decline]) -> None:
        job = self._by_manifest(tx, decline.body.job)
        if job is None:
            return
        tx.blocks.put(decline.cid, decline.block)
        event = ev.BidDeclined(
            decline=decline.cid, bidder=decline.signer, node_id=decline.body.node_id
        )
        self._record(tx, job.key, event)

    def _take_start(self, tx: Transaction, award: Signed[Award]) -> None:
        job = self._by_manifest(tx, award.body.job)
        if job is not None and job.phase is Phase.ASSIGNED:
            self._record(tx, job.key, ev.ExecutionStarted(attempt=award.body.attempt))

    def _take_receipt(self, tx: Transaction, receipt: Signed[Receipt]) -> None:
        job = self._by_manifest(tx, receipt.body.job)
        if job is None or job.award != receipt.body.award or job.receipt is not None:
            self.refusals.append(StepRefusal.OLD_ATTEMPT)
            return
        if receipt.signer != job.executor:
            # Only the executor can lose its attempt; what a stranger says is not heard.
            return
        award = self._load(tx, Award, receipt.body.award)
        manifest = self._load(tx, JobManifest, job.manifest)
        findings = verify_receipt(
            receipt,
            manifest=manifest,
            bid=self._load(tx, Bid, award.body.bid),
            award=award,
            context=self._context(tx, award.body.context),
            now=self.network.now,
        )
        if findings:
            self._lose(tx, job, lose_attempt(job, str(findings[0]), self.network.now))
            return
        tx.blocks.put(receipt.cid, receipt.block)
        event = ev.ReceiptAccepted(
            attempt=award.body.attempt,
            receipt=receipt.cid,
            verifiers=draw(award.cid, self.folk.tickets, manifest.body.trust.verifiers),
        )
        self._record(tx, job.key, event)

    def _take_anchor(self, tx: Transaction, anchor: Signed[Anchor]) -> None:
        body, member = anchor.body, anchor.signer
        head = tx.chains.head(ChainKind.ANCHORS, member)
        known = tx.chains.at(ChainKind.ANCHORS, member, body.sequence)
        findings = check_anchor(
            anchor, receipt=body.receipt, executor=member, head=head, same_place=known
        )
        assert not any(each.fault is Fault.EQUIVOCATION for each in findings)
        if findings:
            return
        if known is None:
            tx.blocks.put(anchor.cid, anchor.block)
            new = Head(sequence=body.sequence, record=anchor.cid)
            assert tx.chains.advance(ChainKind.ANCHORS, member, new)
        for job in tx.jobs.in_phases(frozenset({Phase.COMPLETED})):
            if job.receipt == body.receipt and job.anchor is None:
                self._record(tx, job.key, ev.ReceiptAnchored(anchor=anchor.cid))
                self._finish(tx, job.key, Effect.ANCHOR, member)

    def _take_attestation(self, tx: Transaction, attestation: Signed[Attestation]) -> None:
        for job in tx.jobs.in_phases(frozenset({Phase.COMPLETED})):
            if job.receipt != attestation.body.receipt:
                continue
            receipt = self._load(tx, Receipt, job.receipt)
            if check_attestation(attestation, receipt=receipt, drawn=job.drawn):
                return
            tx.blocks.put(attestation.cid, attestation.block)
            event = ev.AttestationReceived(
                attestation=attestation.cid,
                verifier=attestation.signer,
                verdict=attestation.body.verdict,
            )
            self._record(tx, job.key, event)
            self._finish(tx, job.key, Effect.VERIFY, attestation.signer)

    # --- what it does by itself

    def tick(self) -> None:
        """Record what is due, award what may be awarded, ask for what is not done."""
        now = self.network.now
        with self.store.write() as tx:
            for job in tx.jobs.in_phases(frozenset(Phase) - FINAL):
                self._follow_up(tx, job)
        if self.awards_by_itself:
            self._award_the_best()
        with self.store.write() as tx:
            for work in tx.work.pending():
                if work.effect is Effect.SUBMIT:
                    self._accept_submission(tx, work)
                elif now - self.sent_at.get(work.id, -RETRY_SECONDS) >= RETRY_SECONDS:
                    self.sent_at[work.id] = now
                    self._ask(tx, work)

    def _follow_up(self, tx: Transaction, job: Job) -> None:
        now = self.network.now
        due = follow_up(job, now)
        match due:
            case None:
                return
            case Escalate():
                assert job.award is not None
                asked = escalation(job.award, self.folk.tickets, job.drawn)
                self._record(tx, job.key, ev.VerificationEscalated(verifiers=asked))
            case Close():
                settlement = self._settled(
                    tx, settle(job, self._hold(tx, job), due, NO_EFFECTS, now)
                )
                self._record(tx, job.key, closing_event(due, settlement))
            case Lose():
                self._lose(tx, job, due)
            case _:
                self._record(tx, job.key, due)

    def _lose(self, tx: Transaction, job: Job, lost: Lose) -> None:
        body = void(job, self._hold(tx, job), lost.reason, self.network.now)
        self._record(tx, job.key, losing_event(job, lost, self._settled(tx, body)))

    def _hold(self, tx: Transaction, job: Job) -> Cid:
        assert job.award is not None
        return self._load(tx, Award, job.award).body.hold

    def _settled(self, tx: Transaction, body: Settlement) -> Cid:
        settlement = sign(body, mesh=self.folk.mesh, key=self.folk.founder)
        tx.blocks.put(settlement.cid, settlement.block)
        return settlement.cid

    def _award_the_best(self) -> None:
        with self.store.read() as tx:
            waiting = sorted(tx.jobs.in_phases(frozenset({Phase.SUBMITTED})), key=turn_of)
            chosen: list[tuple[JobKey, Cid]] = []
            for job in waiting:
                answers = len(job.bids) + len(job.declines)
                gathered = self.network.now - job.changed_at >= GATHER_SECONDS
                if answers < len(self.folk.nodes) and not gathered:
                    continue
                if best := self.ranking(tx, job):
                    chosen.append((job.key, best[0]))
        for key, bid in chosen:
            self.award(key, bid)

    def ranking(self, tx: Transaction, job: Job) -> tuple[Cid, ...]:
        manifest = self._load(tx, JobManifest, job.manifest)
        candidates = [
            Candidate(
                bid=self._load(tx, Bid, offer.record),
                reputation=reputation(tx.evidence.tally(offer.bidder)),
            )
            for offer in job.bids
        ]
        ranked = rank(candidates, manifest, self.network.now, avoid=job.lost_by)
        return tuple(each.candidate.bid.cid for each in ranked)

    def _accept_submission(self, tx: Transaction, work: Work) -> None:
        folk, now = self.folk, self.network.now
        job = self._job(tx, work.job)
        manifest = self._load(tx, JobManifest, job.manifest)
        policy = tx.ledger.policy(folk.founder.did, manifest.body.resource_type)
        key = UsageKey(
            issuer=folk.founder.did,
            resource_type=manifest.body.resource_type,
            scope="",
            subject=manifest.signer,
        )
        purse = Purse(
            chain=(folk.token,),
            uses=(tx.ledger.token_use(folk.token.cid),),
            available=tx.ledger.account(account_of(folk, manifest)).available,
            policy=policy,
            usage=tx.ledger.usage(key),
        )
        refusal = check_submission(
            manifest,
            purse,
            issuers=folk.genesis.body.issuers,
            federation=folk.genesis.body.federation,
            revoked=frozenset(),
            now=now,
        )
        if refusal is None:
            self._record(tx, work.job, ev.JobSubmitted())
        else:
            self._record(tx, work.job, ev.JobRefused(reason=refusal.fault.value))

    def _ask(self, tx: Transaction, work: Work) -> None:
        job = self._job(tx, work.job)
        get = tx.blocks.get
        match work.effect:
            case Effect.REQUEST_BIDS:
                for node in self.folk.nodes:
                    self._send(node.did, "job", get(job.manifest))
            case Effect.EXECUTE:
                assert job.award is not None
                award = self._load(tx, Award, job.award)
                body = award.body
                blocks = (job.manifest, body.bid, body.hold, award.cid, body.context)
                self._send(work.actor, "award", *(get(cid) for cid in blocks))
            case Effect.ANCHOR:
                head = tx.chains.head(ChainKind.ANCHORS, work.actor)
                assert job.receipt is not None
                known = 0 if head is None else head.sequence
                wanted = (job.receipt.raw,)
                self.network.send(
                    work.actor, Message(subject="anchors", blocks=wanted, number=known)
                )
            case Effect.VERIFY:
                assert job.award is not None and job.receipt is not None
                award = self._load(tx, Award, job.award)
                blocks = (
                    job.manifest,
                    award.body.bid,
                    award.cid,
                    award.body.context,
                    job.receipt,
                )
                self._send(work.actor, "verify", *(get(cid) for cid in blocks))

    # --- small parts

    def _record(self, tx: Transaction, key: JobKey, event: ev.Event) -> None:
        result = record(tx, key, event, self.network.now)
        if not isinstance(result, Recorded):
            self.refusals.append(result)

    def _finish(self, tx: Transaction, key: JobKey, effect: Effect, actor: Did) -> None:
        for work in tx.work.pending(key):
            if work.effect is effect and work.actor == actor:
                tx.work.done(work.id)

    def _job(self, tx: Transaction, key: JobKey) -> Job:
        job = tx.jobs.get(key)
        assert job is not None
        return job

    def _by_manifest(self, tx: Transaction, manifest: Cid) -> Job | None:
        jobs = tx.jobs.in_phases(frozenset(Phase))
        return next((job for job in jobs if job.manifest == manifest), None)

    def _load(self, tx: Transaction, kind: type[T], cid: Cid) -> Signed[T]:
        block = tx.blocks.get(cid)
        assert block is not None
        return read_as(kind, block, self.folk.mesh)

    def _context(self, tx: Transaction, cid: Cid) -> Context:
        block = tx.blocks.get(cid)
        assert block is not None
        return Context.from_block(block)

    def _send(self, to: str, subject: str, *blocks: bytes | None) -> None:
        present = tuple(block for block in blocks if block is not None)
        assert len(present) == len(blocks)
        self.network.send(to, Message(subject=subject, blocks=present))
