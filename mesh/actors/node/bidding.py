"""Bids of a node: the answer to a job, from its own settings, queue, speed and blocks.

Rule: a repeat gets the stored bid while it is good; a refusal is not kept.
"""

from typing import Final

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import CLOCK_SKEW_SECONDS, Incoming, MessageRefusal
from mesh.actors.node.chain import is_restored
from mesh.actors.node.core import NodeCore
from mesh.actors.node.rows import (
    ATTEMPTS,
    OFFERS,
    SPEEDS,
    USAGES,
    AttemptPhase,
    OfferRow,
    SpeedRow,
    UsageRow,
)
from mesh.actors.profiles import credentials_in_force
from mesh.core.fields import MICRO
from mesh.core.market.appraisal import Enquiry, NodeState, appraise
from mesh.core.market.credentials import shown
from mesh.core.market.speed_estimate import SpeedEstimate, initial, learned
from mesh.core.ports.messages import Outgoing
from mesh.core.records.jobs import JobManifest
from mesh.core.records.market import Bid, Decline, DeclineReason
from mesh.core.records.membership import Role
from mesh.core.verification.inputs import inputs_of, missing_bytes
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.execution.execution import Execution
from runtime.identity.signed import Signed
from runtime.tokens.assessment import evaluate
from runtime.tokens.policy import AllowAll, Allowed, Usage, released
from runtime.tokens.token import ResourceType

RESTORED_TEXT: Final = "this node was restored from an old copy and works for nobody"


def take_manifest(
    node: NodeCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    manifest: Signed[JobManifest] = incoming.record
    if not node.members(tx).has_role(manifest.signer, Role.SUBMITTER, now.wall):
        return MessageRefusal.NOT_A_MEMBER
    if manifest.body.created_at > now.wall + CLOCK_SKEW_SECONDS:
        return MessageRefusal.FROM_THE_FUTURE
    if now.wall >= manifest.body.expires_at:
        return MessageRefusal.OVER
    offer = tx.rows(OFFERS).get(manifest.cid)
    if offer is not None and now.wall < offer.expires_at and not is_restored(tx):
        bid = node.archive.get(tx.blocks, Bid, offer.bid)
        _send(tx, manifest.signer, bid.cid, bid.body.credentials)
        return None
    match answer := appraised(node, tx, manifest, now):
        case Bid():
            signed = node.sign(tx, answer)
            tx.rows(OFFERS).put(
                OfferRow(job=manifest.cid, bid=signed.cid, expires_at=answer.expires_at)
            )
            _send(tx, manifest.signer, signed.cid, answer.credentials)
        case Decline():
            _send(tx, manifest.signer, node.sign(tx, answer).cid)
    return None


def forget_offers(tx: ActorTransaction, now: Now) -> None:
    """Bids that are good no more are no longer repeated, nor worked for."""
    for row in tx.rows(OFFERS).due("expires_at", now.wall):
        tx.rows(OFFERS).delete(row.job)


def _send(
    tx: ActorTransaction, submitter: Did, record: Cid, attached: tuple[Cid, ...] = ()
) -> None:
    tx.outbox.put(Outgoing(to=(submitter,), record=record, attached=attached))


def appraised(
    node: NodeCore, tx: ActorTransaction, manifest: Signed[JobManifest], now: Now
) -> Bid | Decline:
    """The answer to a published job; nothing is written."""
    state = node_state(node, tx, manifest, now)
    if is_restored(tx):
        return Decline(
            job=manifest.cid,
            node_id=state.node_id,
            reason=DeclineReason.CAPACITY,
            detail=RESTORED_TEXT,
        )
    body = manifest.body
    fitness = node.machine.fitness(body, tx.blocks)
    malformed = inputs_of(tx.blocks, body.module, None, body.input).malformed
    enquiry = Enquiry(
        manifest=manifest,
        issuers=node.issuers(tx, now.wall),
        bound_units=None if fitness is None else fitness.bound_units,
        missing_bytes=missing_bytes(tx.blocks, body.module, body.input),
        unfit=malformed or (None if fitness is None else fitness.obstacle),
    )
    return appraise(state, enquiry, now.wall)


def node_state(
    node: NodeCore, tx: ActorTransaction, manifest: Signed[JobManifest], now: Now
) -> NodeState:
    """What the node knows of itself now, for a job."""
    settings = node.settings(tx)
    resource = manifest.body.resource_type
    resources = node.resources(tx)
    held = credentials_in_force(node, tx, now)
    working = tx.rows(ATTEMPTS).select(phase=AttemptPhase.WORKING)
    return NodeState(
        node_id=settings.node_id,
        location=settings.location,
        capabilities=node.capabilities(tx),
        memory_bytes=resources.memory_bytes,
        cpu_cores=resources.cpu_cores,
        storage_bytes=resources.storage_bytes,
        rates=settings.rates,
        surcharge_ppm=settings.surcharge_ppm,
        fuel_per_second=promised_speed(node, tx),
        queued_fuel=sum(each.fuel_limit for each in working),
        running=len(working),
        running_max=settings.running_max,
        engine=node.machine.engine,
        accepted_issuers=node.accepted_issuers(tx, now.wall),
        credentials=shown(held),
        credential_cids=tuple(each.cid for each in held),
        submitter_verifiers=settings.submitter_verifiers,
        policy=settings.policies.get(resource.value, AllowAll()),
        usage=_usage(tx, manifest.signer, resource),
    )


# --- usage under the node's own policies


def commit_usage(
    node: NodeCore,
    tx: ActorTransaction,
    submitter: Did,
    resource: ResourceType,
    units: int,
    now: Now,
) -> None:
    """Count what a hold orders against the submitter's part of this node."""
    rule = node.settings(tx).policies.get(resource.value, AllowAll())
    verdict = evaluate(
        rule, subject=submitter, amount=units, usage=_usage(tx, submitter, resource), now=now.wall
    )
    if isinstance(verdict, Allowed):
        row = UsageRow(submitter=submitter, resource_type=resource, usage=verdict.usage)
        tx.rows(USAGES).put(row)


def release_usage(tx: ActorTransaction, submitter: Did, resource: ResourceType, units: int) -> None:
    """Give back what came to nothing."""
    usage = released(_usage(tx, submitter, resource), units)
    tx.rows(USAGES).put(UsageRow(submitter=submitter, resource_type=resource, usage=usage))


def _usage(tx: ActorTransaction, submitter: Did, resource: ResourceType) -> Usage:
    row = tx.rows(USAGES).get(submitter, resource)
    return Usage() if row is None else row.usage


# --- speed


def promised_speed(node: NodeCore, tx: ActorTransaction) -> int:
    """Fuel a second that a job is promised: of a core, the node's share."""
    speed = _estimate(node, tx).fuel_per_second
    return max(1, speed * node.settings(tx).share_ppm // MICRO)


def learn(node: NodeCore, tx: ActorTransaction, execution: Execution) -> None:
    """Take in what an execution of this node's own shows of its speed."""
    before = _estimate(node, tx)
    after = learned(before, execution, node.machine.fuel_per_second)
    if after != before:
        tx.rows(SPEEDS).put(
            SpeedRow(
                machine=_machine(node),
                fuel_per_second=after.fuel_per_second,
                executions=after.executions,
            )
        )


def _estimate(node: NodeCore, tx: ActorTransaction) -> SpeedEstimate:
    row = tx.rows(SPEEDS).get(_machine(node))
    if row is None:
        return initial(node.machine.fuel_per_second)
    return SpeedEstimate(fuel_per_second=row.fuel_per_second, executions=row.executions)


def _machine(node: NodeCore) -> str:
    return f"{node.machine.engine.text}/{node.machine.processor}"
