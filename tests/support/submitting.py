"""A submitter in its tests: its jobs, taken step by step to their ends."""

from collections.abc import Iterable
from typing import Any

from issuing.records import Asked, result
from market_actors import MODULE_BYTES, Mail, MarketActors
from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction
from mesh.core.fields import NodeId
from mesh.core.jobs.job import Job
from mesh.core.jobs.request import JobRequest
from mesh.core.ports.work import Fetched
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Anchor, Draw, Progress, Receipt, WorkPhase
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import Context
from runtime.execution.effects import Effect, effects_to_block
from runtime.execution.execution import Deterministic
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed


class Market(MarketActors):
    """The actors of a market, and what they do for a job."""

    def request(self, **changes: Any) -> JobRequest:
        base = JobRequest(module=cid_of(MODULE_BYTES, Codec.RAW), resource_amount=1_000)
        return replace(base, **changes)

    def submit(self, **changes: Any) -> Job:
        job = self.within(lambda tx: self.actor.submit(tx, self.request(**changes), self.now))
        assert isinstance(job, Job), str(job)
        return job

    def offer(self, job: Job, number: int = 0, **changes: Any) -> Signed[Any]:
        """A node bids."""
        manifest = self.manifest_of(job)
        changes = {"price": 107, "node_id": NodeId(f"node-{number}"), **changes}
        bid = self.bid(manifest, self.nodes[number], **changes)
        self.deliver(bid)
        return bid

    def manifest_of(self, job: Job) -> Signed[Any]:
        return self.within(lambda tx: self.actor.manifest(tx, job))

    def accept(self, job: Job, number: int = 0) -> Any:
        name = NodeId(f"node-{number}")
        return self.within(lambda tx: self.actor.accept(tx, job.job_id, name, self.now))

    def asked(self, job: Job) -> Asked:
        """The records of the job's present attempt."""

        def read(tx: ActorTransaction) -> Asked:
            now = self.actor.job(tx, job.job_id)
            assert now is not None and now.award is not None and now.bid is not None
            award: Any = self.archive.read(tx.blocks.get(now.award) or b"")
            bid: Any = self.archive.read(tx.blocks.get(now.bid) or b"")
            context = Context.from_block(tx.blocks.get(award.body.context) or b"")
            manifest = self.actor.manifest(tx, now)
            return Asked(manifest=manifest, bid=bid, context=context, award=award)

        return self.within(read)

    def assign(self, **changes: Any) -> Job:
        """A job with a hold."""
        job = self.submit(**changes)
        for number in range(len(self.nodes)):
            self.offer(job, number)
        accepted = self.accept(job)
        assert isinstance(accepted, Job), str(accepted)
        return self.job(job.job_id)

    def progress(self, sequence: int = 1, key: SigningKey | None = None) -> Signed[Progress]:
        body = Progress(
            hold=self.hold.cid, sequence=sequence, phase=WorkPhase.RUNNING, fuel_estimate=None
        )
        return self.signed(key or self.node, body)

    def complete(
        self, job: Job, found: Deterministic | None = None
    ) -> tuple[Signed[Receipt], Signed[Anchor], bytes]:
        """The executor shows its receipt."""
        receipt, anchor, block = self.receipt(self.asked(job), found)
        self.tell_both(receipt, anchor.block, block)
        return receipt, anchor, block

    def attest(self, keys: Iterable[SigningKey], found: Deterministic | None = None) -> None:
        for key in keys:
            attestation, block = self.attestation(key, found)
            self.tell_both(attestation, block)

    @property
    def drawn(self) -> list[SigningKey]:
        dids = self.last(Draw).body.verifiers
        return [key for key in self.verifiers if key.did in dids]

    def verify(self, job: Job, found: Deterministic | None = None) -> Job:
        """Everything goes well from the hold on."""
        self.complete(job, found)
        self.attest(self.drawn, found)
        return self.job(job.job_id)

    def with_effects(self, *effects: Effect) -> tuple[Deterministic, dict[Cid, bytes]]:
        """A result with effects, and the block that the executor has of them."""
        block = effects_to_block(effects)
        cid = cid_of(block, Codec.DAG_CBOR)
        return replace(result(), effects=cid), {cid: block}

    def fetched(self, blocks: dict[Cid, bytes]) -> None:
        """The driver brings what the submitter has asked for."""
        for row in self.within(lambda tx: tx.work._rows.select(actor=self.submitter.did)):

            def bring(tx: Any, row: Any = row) -> None:
                for cid in row.work.extra:
                    tx.blocks.put(cid, blocks[cid])
                assert tx.end_work(row.id)
                self.actor.finished(tx, row.id, Fetched(), self.now)

            self.within(bring)

    def settlement_mail(self) -> Mail:
        """The settlement as it was sent to the submitter."""
        return [each for each in self.mails(Settlement) if each.to == self.submitter.did][-1]
