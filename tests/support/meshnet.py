"""A whole mesh in one object: members that speak only in signed bytes over a network that
may lose, repeat and reorder them, and a coordinator whose store is behind the real port.

Time is a number. A seed decides everything that happens, so a failure can be played again.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

from meshfolk import START, Folk, sums

from mesh.award import check_award
from mesh.dag import next_anchor
from mesh.federation import attest
from mesh.market import Enquiry, NodeState, appraise
from mesh.ports import Head
from mesh.receipts import usage_of, verify_receipt
from mesh.records import (
    Anchor,
    Attestation,
    Award,
    Bid,
    Hold,
    JobManifest,
    Receipt,
    read_as,
)
from runtime.content.cid import Cid
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic, Metrics
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed, sign

Execute = Callable[[bytes, Context, bytes | None], Deterministic]

COORDINATOR = "coordinator"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What goes over the wire: a subject and blocks. number: for the few that need one."""

    subject: str
    blocks: tuple[bytes, ...] = ()
    number: int = 0
    sender: str = ""


@dataclass(frozen=True, kw_only=True)
class Weather:
    """How bad the network and the machines are, as probabilities."""

    drop: float = 0.0
    duplicate: float = 0.0
    crash: float = 0.0
    delay_seconds: int = 0


CALM = Weather()


class Network:
    """Delivers messages in the order of their arrival times."""

    def __init__(self, weather: Weather, seed: int) -> None:
        self.weather = weather
        self.dice = random.Random(seed)
        self.now = START
        self._queue: list[tuple[int, int, str, Message]] = []
        self._count = 0

    def send(self, to: str, message: Message) -> None:
        copies = 1 + (self.dice.random() < self.weather.duplicate)
        for _ in range(copies):
            if self.dice.random() < self.weather.drop:
                continue
            self._count += 1
            at = self.now + self.dice.randint(0, self.weather.delay_seconds)
            heapq.heappush(self._queue, (at, self._count, to, message))

    def arrived(self) -> tuple[str, Message] | None:
        """The next message that has arrived by now."""
        if not self._queue or self._queue[0][0] > self.now:
            return None
        _, _, to, message = heapq.heappop(self._queue)
        return to, message

    def crashes(self) -> bool:
        return self.dice.random() < self.weather.crash


class Crash(Exception):
    """A member's machine dies here; what it has committed stays."""


class Node:
    """An executor. `kept` is its disk: what it signed, by what it was about."""

    def __init__(self, folk: Folk, number: int, network: Network, execute: Execute = sums) -> None:
        self.folk = folk
        self.key = folk.nodes[number - 1]
        self.state: NodeState = folk.node_state(number)
        self.network = network
        self.execute = execute
        self.kept: dict[tuple[str, Cid], Signed[object]] = {}
        self.receipts_head: Cid | None = None
        self.anchors: list[Signed[Anchor]] = []

    def hear(self, message: Message) -> None:
        match message.subject:
            case "job":
                self._bid(read_as(JobManifest, message.blocks[0], self.folk.mesh))
            case "award":
                self._work(message)
            case "anchors":
                # What the asker lacks of the chain, and the link it asks for even if it is
                # known: it may have come before the job had its receipt.
                for anchor in self.anchors:
                    body = anchor.body
                    is_wanted = body.receipt.raw in message.blocks
                    if body.sequence > message.number or is_wanted:
                        self._say("anchor", anchor.block)

    def _bid(self, manifest: Signed[JobManifest]) -> None:
        before = self.kept.get(("answer", manifest.cid))
        if before is None or getattr(before.body, "expires_at", 0) <= self.network.now:
            enquiry = Enquiry(
                manifest=manifest,
                issuer=self.folk.founder.did,
                credential_issuers=frozenset({self.folk.founder.did}),
                bound_units=None,
                missing_bytes=0,
            )
            answer = appraise(self.state, enquiry, self.network.now)
            before = sign(answer, mesh=self.folk.mesh, key=self.key)
            self.kept["answer", manifest.cid] = before
        self._say("bid" if isinstance(before.body, Bid) else "decline", before.block)

    def _work(self, message: Message) -> None:
        mesh = self.folk.mesh
        manifest = read_as(JobManifest, message.blocks[0], mesh)
        bid = read_as(Bid, message.blocks[1], mesh)
        hold = read_as(Hold, message.blocks[2], mesh)
        award = read_as(Award, message.blocks[3], mesh)
        context = Context.from_block(message.blocks[4])
        if known := self.kept.get(("receipt", award.cid)):
            self._say("receipt", known.block)
            return
        now = self.network.now
        if check_award(
            award,
            manifest=manifest,
            bid=bid,
            hold=hold,
            context=context,
            issuers=(self.folk.founder.did,),
            now=now,
        ):
            return
        self._say("started", award.block)
        if self.network.crashes():
            raise Crash
        result = self.execute(self.folk.module, context, None)
        receipt = sign(
            Receipt(
                job=manifest.cid,
                award=award.cid,
                context=context.cid,
                module=manifest.body.module,
                node_id=self.state.node_id,
                engine=self.folk.engine,
                deterministic=result,
                metrics=Metrics(wall_ms=1, memory_peak_bytes=0, host_calls=0),
                usage=usage_of(result, bid.body),
                started_at=now,
                ended_at=now,
                previous=self.receipts_head,
            ),
            mesh=mesh,
            key=self.key,
        )
        self.kept["receipt", award.cid] = receipt
        self.receipts_head = receipt.cid
        head = (
            Head(sequence=len(self.anchors), record=self.anchors[-1].cid) if self.anchors else None
        )
        anchor = next_anchor(receipt.cid, head, (), self.key.did)
        self.anchors.append(sign(anchor, mesh=mesh, key=self.key))
        if self.network.crashes():
            raise Crash
        self._say("receipt", receipt.block)

    def _say(self, subject: str, block: bytes) -> None:
        message = Message(subject=subject, blocks=(block,), sender=self.key.did)
        self.network.send(COORDINATOR, message)


class Verifier:
    """A federation node. `kept` is its disk."""

    def __init__(
        self, folk: Folk, key: SigningKey, network: Network, execute: Execute = sums
    ) -> None:
        self.folk = folk
        self.key = key
        self.network = network
        self.execute = execute
        self.engine = folk.engine
        self.is_silent = False
        self.results: dict[Cid, Deterministic] = {}
        self.kept: dict[Cid, Signed[Attestation]] = {}

    def hear(self, message: Message) -> None:
        if self.is_silent or message.subject != "verify":
            return
        mesh = self.folk.mesh
        manifest = read_as(JobManifest, message.blocks[0], mesh)
        bid = read_as(Bid, message.blocks[1], mesh)
        award = read_as(Award, message.blocks[2], mesh)
        context = Context.from_block(message.blocks[3])
        # Its own result is on its disk before it reads the receipt's.
        if award.cid not in self.results:
            self.results[award.cid] = self.execute(self.folk.module, context, None)
            if self.network.crashes():
                raise Crash
        receipt = read_as(Receipt, message.blocks[4], mesh)
        if verify_receipt(
            receipt,
            manifest=manifest,
            bid=bid,
            award=award,
            context=context,
            now=self.network.now,
        ):
            return
        known = self.kept.get(receipt.cid)
        if known is None:
            body = attest(receipt, self.results[award.cid], self.engine)
            known = self.kept[receipt.cid] = sign(body, mesh=mesh, key=self.key)
        message = Message(subject="attestation", blocks=(known.block,), sender=self.key.did)
        self.network.send(COORDINATOR, message)
