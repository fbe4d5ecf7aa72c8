"""A home in one SQLite file with all its actors, driven in turns; programs are simulated."""

import sqlite3
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

from blake3 import blake3
from simulation.driving.machines import Machine
from simulation.driving.programs import Program, ProgramKind, execute

from mesh.actors.actor import Instant, Now
from mesh.actors.base import BaseActor
from mesh.actors.stores import DeliveryTransaction, View
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs.job import Job
from mesh.core.jobs.request import JobRequest
from mesh.core.membership.founding import Founding, found_mesh
from mesh.core.ports.messages import Envelope
from mesh.core.ports.work import Execute, Executed, Failed, WorkFault, WorkResult
from mesh.core.records.archive import Archive
from mesh.core.records.membership import Genesis, Member, Role
from mesh.embedded.driving.turns import Finished, Turns
from mesh.embedded.founding.actors import Actors, make_actors
from mesh.embedded.founding.founding import found
from mesh.embedded.tables import TABLES
from mesh.home.config import Config
from mesh.queries.audit.audit import audit
from mesh.queries.audit.file import check_file
from mesh.queries.audit.findings import Finding
from mesh.queries.audit.repair import Repaired, repair_home
from mesh.queries.reader import Reader
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import decode, encode
from runtime.execution.context import Context
from runtime.execution.effects import BurnTokens, MintTokens, TransferTokens, effects_to_block
from runtime.execution.execution import Deterministic, Execution, Metrics, Outcome, OutcomeKind
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed

START: Final = 1_750_000_000
QUOTA_BYTES: Final = 1 << 30
CONFIG: Final = Config()
NAMES: Final = (
    ("issuer", Role.ISSUER),
    ("submitter", Role.SUBMITTER),
    *((f"mesh-node-{number}", Role.NODE) for number in (1, 2, 3)),
    *((f"federation-{number}", Role.VERIFIER) for number in (1, 2, 3)),
)


def key_of(name: str) -> SigningKey:
    return SigningKey(blake3(f"whole home/{name}".encode()).digest())


def founding(*, sealed: bool) -> Founding:
    issuer = key_of("issuer")
    members = tuple(
        Member(
            member=key_of(name).did,
            name=NodeId(name),
            cooperative=name,
            roles=(role,),
            expires_at=None,
        )
        for name, role in NAMES
    )
    genesis = Genesis(
        name="local",
        created_at=START,
        founders=(issuer.did,),
        threshold=1,
        limits={},
        quorum=1,
        sealed=sealed,
        verify_ppm=150_000,
    )
    return found_mesh(genesis, members, (issuer,))


def minting(number: int, name: str, amount: int) -> bytes:
    """A module that mints units of a class, hands some on, and burns one."""
    return encode({"number": number, "mint": name, "amount": amount})


class WholeHome:
    """All actors over one store. at: milliseconds since the start, by every clock."""

    def __init__(self, path: Path, *, at: int = 0, sealed: bool = False) -> None:
        self.path = path
        self.at = at
        self.founding = founding(sealed=sealed)
        self.archive = Archive(self.founding.genesis.cid)
        self.machine = Machine(1, "whole home", 100_000_000)
        self._drawn = 0
        self.actors: Actors = make_actors(
            self.founding.members,
            lambda member: key_of(member.name),
            archive=self.archive,
            config=CONFIG,
            machine=self.machine,
            entropy=self._entropy,
        )
        self.names = {key_of(name).did: name for name, _ in NAMES}
        self._open()

    def _open(self) -> None:
        self.store = SqliteStore(self.path, TABLES, quota_bytes=QUOTA_BYTES)
        self.turns = Turns(self.store, self.actors.by_did, self.now, lambda: nullcontext(bool))
        self.hanging: set[Cid] = set()

    def close(self) -> None:
        self.store.close()

    def now(self) -> Now:
        return Now(wall=START + self.at // 1000, monotonic=Instant(self.at), boot="first")

    def _entropy(self, count: int) -> bytes:
        self._drawn += 1
        return blake3(f"{self.at}/{self._drawn}".encode()).digest(count)

    @property
    def wall(self) -> int:
        return self.now().wall

    # --- driving

    def command(self, actor: BaseActor, action: Callable[[DeliveryTransaction, Now], Any]) -> Any:
        with self.turns.turn() as opened:
            done = opened.command(actor.did, action)
            opened.settle()
        self.settle()
        return done

    def receive(self, actor: BaseActor, record: Signed[Any], *attached: Signed[Any]) -> None:
        blocks = (record.block, *(each.block for each in attached))
        envelope = Envelope(sender=record.signer, to=actor.did, blocks=blocks)
        self.command(actor, lambda tx, now: actor.receive(tx, envelope, now))

    def settle(self) -> None:
        silent = False
        while not silent:
            with self.turns.turn() as opened:
                report = opened.settle()
            assert not report.set_aside, report.set_aside[0].trace
            silent = report.is_silent

    def later(self, seconds: int) -> None:
        """Let time go by; the issuer is driven all along."""
        for _ in range(seconds):
            self.at += 1000
            self.turns.forget_deadlines()
            self.settle()

    def work(self, *, failing: bool = False) -> int:
        """Do all open work but what hangs; how much it was."""
        with self.store.view() as view:
            rows = view.open_work().select()
            results = [
                Finished(actor=row.actor, work=row.id, result=self._result(view, row, failing))
                for row in rows
                if isinstance(row.work, Execute) and row.work.module not in self.hanging
            ]
        with self.turns.turn(results) as opened:
            report = opened.settle()
        assert not report.set_aside, report.set_aside[0].trace
        self.settle()
        return len(results)

    def _result(self, view: Any, row: Any, failing: bool) -> WorkResult:
        if failing:
            return Failed(fault=WorkFault.MACHINE, detail="the worker died")
        blocks = view.blocks(row.actor)
        module = decode(blocks.get(row.work.module))
        if module.get("kind") == ProgramKind.UNCOMPILABLE.value:
            return Failed(fault=WorkFault.MODULE, detail="it cannot be compiled")
        if "mint" in module:
            execution = minted(module, blocks.get(row.work.context))
        else:
            execution = execute(blocks, row.work.module, row.work.context)
        return Executed(execution=execution, started_at=self.wall, ended_at=self.wall)

    def audit(self) -> tuple[Finding, ...]:
        of_file = tuple(check_file(self.store))
        with self.store.view() as view:
            return (*of_file, *audit(view, self.archive, self.founding.members, self.wall))

    def reader(self, view: View) -> Reader:
        """What the commands of the submitter read."""
        return Reader(
            view=view,
            archive=self.archive,
            members=self.founding.members,
            owner=self.actors.submitter.did,
            issuer=self.actors.issuer.did,
            now=self.wall,
        )

    def repair(self) -> Repaired:
        return repair_home(self.store, self.archive, self.founding.members, self.now())

    def run(self) -> None:
        """Work until nothing is open but what hangs."""
        while self.work():
            self.later(1)

    # --- jobs

    def submit(self, module: bytes, *, awarded: bool = True, **more: Any) -> JobId:
        cid = cid_of(module, Codec.RAW)
        request = JobRequest(**{"module": cid, "resource_amount": 100, **more})
        submitter = self.actors.submitter

        def submit(tx: DeliveryTransaction, now: Now) -> JobId:
            tx.blocks.put(cid, module)
            job = submitter.submit(tx, request, now)
            assert isinstance(job, Job), job
            if awarded:
                submitter.auto_award(tx, job.job_id, now, is_on=True)
            return job.job_id

        self.later(2)
        found = self.command(submitter, submit)
        self.settle()
        return JobId(found)

    def done(self, module: bytes, **more: Any) -> JobId:
        """A job that was carried out."""
        job_id = self.submit(module, **more)
        self.later(1)
        self.run()
        return job_id


def minted(module: dict[str, Any], context: bytes) -> Execution:
    owner = Context.from_block(context).owner
    name, amount = module["mint"], module["amount"]
    effects = (
        MintTokens(token_class=name, amount=amount, to=owner),
        TransferTokens(
            token_class=name, amount=amount // 2, holder=owner, to=key_of("mesh-node-1").did
        ),
        BurnTokens(token_class=name, amount=1, holder=owner),
    )
    block = effects_to_block(effects)
    cid = cid_of(block, Codec.DAG_CBOR)
    result = Deterministic(
        outcome=Outcome(kind=OutcomeKind.SUCCEEDED),
        output=None,
        effects=cid,
        logs=None,
        fuel_used=1_000_000,
    )
    metrics = Metrics(wall_ms=1, memory_peak_bytes=65_536, host_calls=0)
    return Execution(deterministic=result, metrics=metrics, blocks={cid: block})


def program(kind: ProgramKind, number: int, **more: Any) -> bytes:
    return Program(kind=kind, number=number, fuel=1_000_000, **more).block


def found_home(home: WholeHome) -> None:
    """Found the mesh, with its first units."""
    with home.turns.turn() as opened:
        found(opened, home.actors, home.founding)
        opened.settle()
    home.settle()


def edit(path: Path, sql: str, *arguments: Any) -> int:
    """Edit a database by hand, as nobody should; how many rows it changed."""
    connection = sqlite3.connect(path)
    try:
        changed = connection.execute(sql, arguments).rowcount
        connection.commit()
        return changed
    finally:
        connection.close()
