"""The home that tests begin with: its jobs have ended in every way, or are under way."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from simulation.driving.programs import ProgramKind
from whole_home import WholeHome, found_home, key_of, minting, program

from mesh.actors.actor import Now
from mesh.actors.stores import DeliveryTransaction
from mesh.actors.submitter import tokens
from mesh.core.fields import JobId
from mesh.core.ports.messages import Envelope
from mesh.core.records.jobs import Award
from mesh.core.records.market import Credential, NodeProfile
from mesh.core.records.registry import sign
from mesh.core.records.terms import Children, Trust
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import decode, encode
from runtime.execution.effects import MintTokens, TransferTokens
from runtime.identity.signed import Signed
from runtime.tokens.policy import AllOf, Quota, RateLimit
from runtime.tokens.token import ResourceToken, ResourceType


def populate(home: WholeHome) -> dict[str, JobId]:
    """Jobs that ended in every way, and some under way, by name."""
    found_home(home)
    jobs: dict[str, JobId] = {}
    jobs["sum"] = home.done(program(ProgramKind.SUM, 1))
    jobs["write"] = home.done(program(ProgramKind.WRITE, 2))
    jobs["write again"] = home.done(program(ProgramKind.WRITE, 3))
    _policies(home)
    jobs["mint"] = home.done(minting(4, "voucher", 100))
    _local_run(home)
    node = key_of("mesh-node-2").did
    jobs["pay"] = home.done(program(ProgramKind.PAY, 5, to=node, amount=77))
    jobs["trap"] = home.done(program(ProgramKind.TRAP, 6))
    child = program(ProgramKind.SUM, 7)
    home.command(
        home.actors.submitter, lambda tx, now: tx.blocks.put(cid_of(child, Codec.RAW), child)
    )
    spawn = program(ProgramKind.SPAWN, 8, child=cid_of(child, Codec.RAW), children=2)
    jobs["spawn"] = home.done(spawn, children=Children(depth=1, budget=1_000))
    jobs["uncompilable"] = home.done(program(ProgramKind.UNCOMPILABLE, 9))
    jobs["europe"] = home.done(program(ProgramKind.SUM, 10), trust=Trust(locations=("eu-west",)))
    jobs["lost"] = _lost_once(home)
    jobs["cancelled"] = _cancelled(home)
    _tokens(home, jobs)
    _doubts(home)
    jobs["waiting"] = home.submit(program(ProgramKind.SUM, 20), awarded=False)
    jobs["running"] = _running(home, 13)
    return jobs


def _policies(home: WholeHome) -> None:
    issuer = home.actors.issuer
    quota = Quota(limit=400_000)
    rate = RateLimit(amount=10_000, per_seconds=60, burst=50_000)
    for scope, rule in (("", quota), ("climate", quota), ("", AllOf(rules=(quota, rate)))):
        home.later(2)
        home.command(
            issuer,
            lambda tx, now, scope=scope, rule=rule: issuer.set_policy(
                tx, resource_type=ResourceType.COMPUTE, scope=scope, rule=rule, now=now
            ),
        )
    home.later(2)


def _local_run(home: WholeHome) -> None:
    submitter = home.actors.submitter
    key = encode(["local run"])
    cid = cid_of(key, Codec.DAG_CBOR)
    effects = (
        MintTokens(token_class="badge", amount=9, to=submitter.did),
        TransferTokens(
            token_class="voucher", amount=5, holder=submitter.did, to=key_of("mesh-node-3").did
        ),
    )

    def apply(tx: DeliveryTransaction, now: Now) -> Any:
        tx.blocks.put(cid, key)
        root = submitter.state_root(tx)
        return submitter.apply_effects(tx, cid, effects, root, now)

    home.later(2)
    home.command(submitter, apply)


def _lost_once(home: WholeHome) -> JobId:
    """A job whose first executor's machine dies for good."""
    job_id = home.submit(program(ProgramKind.SUM, 11))
    for _ in range(3):
        home.work(failing=True)
    home.later(1)
    home.run()
    return job_id


def _cancelled(home: WholeHome) -> JobId:
    job_id = _running(home, 12)
    submitter = home.actors.submitter
    home.command(submitter, lambda tx, now: submitter.cancel(tx, job_id, "enough", now))
    return job_id


def _running(home: WholeHome, number: int) -> JobId:
    module = program(ProgramKind.ENDLESS, number)
    home.hanging.add(cid_of(module, Codec.RAW))
    job_id = home.submit(module)
    home.later(2)
    return job_id


def _tokens(home: WholeHome, jobs: dict[str, JobId]) -> None:
    """Units set aside for a scope, a part of them handed on, and tokens taken back."""
    issuer, submitter = home.actors.issuer, home.actors.submitter

    def aside(scope: str) -> Signed[ResourceToken]:
        home.later(2)
        token: Signed[ResourceToken] = home.command(
            issuer,
            lambda tx, now: issuer.allocate(
                tx,
                owner=submitter.did,
                resource_type=ResourceType.COMPUTE,
                amount=5_000,
                scope=scope,
                expires_at=home.wall + 1_000_000,
                now=now,
            ),
        )
        return token

    token = aside("climate/ice")
    returned = aside("harvest")
    jobs["climate"] = home.done(program(ProgramKind.SUM, 14), scope="climate/ice", token=token.cid)
    child: Signed[ResourceToken] = home.command(
        submitter,
        lambda tx, now: tokens.delegate(
            submitter,
            tx,
            token.cid,
            audience=submitter.did,
            amount=1_000,
            scope="climate/ice",
            expires_at=home.wall + 1_000,
            now=now,
        ),
    )
    home.later(2)
    jobs["child token"] = home.done(
        program(ProgramKind.SUM, 15), scope="climate/ice", token=child.cid
    )
    home.later(2)
    home.command(submitter, lambda tx, now: tokens.revoke(submitter, tx, child.cid, "enough", now))
    home.later(2)
    home.command(
        issuer, lambda tx, now: issuer.revoke(tx, token=returned.cid, reason="enough", now=now)
    )


def _doubts(home: WholeHome) -> None:
    """Members that contradict themselves, and a credential that is shown."""
    issuer, submitter = home.actors.issuer, home.actors.submitter
    mesh, verifier = home.archive.mesh, key_of("federation-1")
    with home.store.view() as view:
        records = [
            home.archive.read(data)
            for cid in view.cids(issuer.did)
            if cid.codec is Codec.DAG_CBOR and (data := _record(view, issuer.did, cid))
        ]
    profile = next(
        each
        for each in records
        if isinstance(each.body, NodeProfile) and each.signer == verifier.did
    )
    other = sign(replace(profile.body, location="elsewhere"), mesh=mesh, key=verifier)
    home.receive(issuer, other)
    award = next(each for each in records if isinstance(each.body, Award))
    attached = [each for each in records if each.cid in (award.body.job, award.body.bid)]
    second = sign(
        replace(award.body, fuel_limit=award.body.fuel_limit + 1),
        mesh=mesh,
        key=key_of("submitter"),
    )
    with home.store.view() as view:
        context = view.blocks(issuer.did).get(award.body.context)
        chain = [each for each in records if isinstance(each.body, ResourceToken)]
    assert context is not None
    blocks = (second.block, *(each.block for each in (*attached, *chain)), context)
    envelope = Envelope(sender=submitter.did, to=issuer.did, blocks=blocks)
    home.command(issuer, lambda tx, now: issuer.receive(tx, envelope, now))
    credential = sign(
        Credential(
            subject=key_of("mesh-node-1").did, name="green", expires_at=home.wall + 1_000_000
        ),
        mesh=mesh,
        key=key_of("issuer"),
    )
    home.receive(home.actors.nodes[0], credential)
    home.later(2)


def _record(view: Any, actor: Any, cid: Cid) -> bytes | None:
    data: bytes | None = view.blocks(actor).get(cid)
    if data is None:
        return None
    value = decode(data, bytes_max=len(data))
    return data if isinstance(value, dict) and "signer" in value else None


class Built(Struct, frozen=True, kw_only=True):
    """A home that was populated and closed. at: milliseconds since the start."""

    path: Path
    at: int
    is_sealed: bool
    jobs: dict[str, JobId]
    hanging: frozenset[Cid]


def built(folder: Path, *, sealed: bool) -> Built:
    home = WholeHome(folder / "mesh.db", sealed=sealed)
    jobs = populate(home)
    home.close()
    return Built(
        path=home.path,
        at=home.at,
        is_sealed=sealed,
        jobs=jobs,
        hanging=frozenset(home.hanging),
    )


@contextmanager
def opened_copy(whole: Built, folder: Path) -> Iterator[WholeHome]:
    """A copy of a home that nobody has open."""
    path = folder / "mesh.db"
    shutil.copyfile(whole.path, path)
    home = WholeHome(path, at=whole.at, sealed=whole.is_sealed)
    home.hanging |= whole.hanging
    try:
        yield home
    finally:
        home.close()
