"""The award: the issuer's hold, the context, and the event that decides between two awards.

Rule: hold, context, award and event are one transaction; the second of two awards finds the
job awarded and is refused by name.
"""

from mesh import events as ev
from mesh.adapters.sqlite import SqliteTransaction
from mesh.award import Surroundings, check_award, context_for
from mesh.core.fields import NodeId
from mesh.core.ids import hold_id
from mesh.job import HOLD_MARGIN_SECONDS, Job, Offer, Phase
from mesh.journal import Recorded, record
from mesh.local.candidates import candidate_of
from mesh.local.credentials import roles_of
from mesh.local.limits import allowed_limits
from mesh.local.owned import register_block
from mesh.local.purses import chain_of, usage_key
from mesh.local.world import World
from mesh.market import Candidate, bid_fault, fuel_of
from mesh.records import Award, Bid, Hold, JobManifest
from mesh.reputation import reputation
from runtime.execution.context import ROLES_RECORD, Context
from runtime.host.policy import policies_to_value
from runtime.identity.signed import Signed, sign
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.choice import shares_of
from runtime.tokens.ledger import LedgerRefusal, Refused
from runtime.tokens.token import ResourceType
from runtime.tokens.transfers import AccountKey, PlaceHold


def award(
    tx: SqliteTransaction, world: World, job: Job, candidate: Candidate, *, now: int
) -> Recorded:
    """Give the job to the bidder. Raises CommandError where that cannot be."""
    if job.phase is not Phase.SUBMITTED:
        raise not_open(job)
    manifest = world.archive.get(tx, JobManifest, job.manifest)
    bid = candidate.bid
    _refuse_bid(job, candidate, manifest, now)
    attempt = job.attempt + 1
    lease = now + manifest.body.requirements.max_seconds
    until = lease + HOLD_MARGIN_SECONDS
    place = _place_hold(tx, world, manifest, candidate, attempt, until)
    hold = _store_hold(tx, world, manifest, place, until)
    context = _context(tx, world, manifest, bid, now)
    terms = Award(
        job=manifest.cid,
        bid=bid.cid,
        attempt=attempt,
        hold=hold.cid,
        context=world.archive.put_context(tx, context),
        fuel_limit=fuel_of(bid.body.units),
        lease_expires_at=lease,
    )
    members = world.members
    given = world.archive.put(tx, sign(terms, mesh=members.mesh, key=members.submitter))
    _check(world, given, manifest, candidate, hold, context, now)
    event = ev.JobAwarded(
        award=given.cid,
        bid=bid.cid,
        attempt=attempt,
        executor=bid.signer,
        node_id=bid.body.node_id,
        hold=place.id,
        hold_expires_at=until,
        lease_expires_at=lease,
    )
    answer = record(tx, job.key, event, now, expected=job.revision, hold=place)
    if isinstance(answer, Recorded):
        return answer
    if isinstance(answer, Refused):
        raise hold_refused(answer)
    raise CommandError(
        ExitCode.FAILED,
        "award-refused",
        f"job {job.key.job_id} cannot be awarded: {getattr(answer, 'value', answer)}",
        hint=f"meshctl job-status {job.key.job_id}",
    )


def _refuse_bid(job: Job, candidate: Candidate, manifest: Signed[JobManifest], now: int) -> None:
    """Raise CommandError for a bid that cannot be awarded."""
    against = bid_fault(candidate, manifest, now)
    if against is not None:
        raise CommandError(
            ExitCode.FAILED,
            "bid-not-awardable",
            f"the bid of {candidate.bid.body.node_id} cannot be accepted: {against}",
            hint=f"meshctl get-bids --job-id {job.key.job_id}",
        )


def _store_hold(
    tx: SqliteTransaction,
    world: World,
    manifest: Signed[JobManifest],
    place: PlaceHold,
    until: int,
) -> Signed[Hold]:
    """The issuer's word that the units are set aside."""
    hold = Hold(
        id=place.id,
        token=manifest.body.resource_token,
        amount=place.amount,
        expires_at=until,
    )
    members = world.members
    return world.archive.put(tx, sign(hold, mesh=members.mesh, key=members.issuer))


def _context(
    tx: SqliteTransaction,
    world: World,
    manifest: Signed[JobManifest],
    bid: Signed[Bid],
    now: int,
) -> Context:
    """What the execution is given; the blocks that it names are stored."""
    around = surroundings(tx, world, now=now)
    for cid, data in around.blocks.items():
        tx.blocks.put(cid, data)
    return context_for(
        manifest,
        bid.body,
        engine=world.engine.text,
        surroundings=around,
        allowed=allowed_limits(world.config),
    )


def accept(tx: SqliteTransaction, world: World, job: Job, node_id: NodeId, *, now: int) -> Recorded:
    """Give the job to the node that bids. Raises CommandError where that cannot be."""
    offer = _offer_of(job, node_id)
    if offer is None:
        raise no_such_bid(job, node_id)
    return award(tx, world, job, candidate_of(tx, world, offer.record, offer.bidder), now=now)


def price_of(tx: SqliteTransaction, world: World, job: Job, node_id: NodeId) -> int | None:
    """What a node asks for the job, None if the job has no bid of it."""
    offer = _offer_of(job, node_id)
    return None if offer is None else world.archive.get(tx, Bid, offer.record).body.price


def _offer_of(job: Job, node_id: NodeId) -> Offer | None:
    return next((bid for bid in job.bids if bid.node_id == node_id), None)


def _place_hold(
    tx: SqliteTransaction,
    world: World,
    manifest: Signed[JobManifest],
    candidate: Candidate,
    attempt: int,
    until: int,
) -> PlaceHold:
    """What the issuer sets aside: the price, on the chain of the job's token."""
    bid = candidate.bid
    chain = chain_of(tx, world, manifest.body.resource_token)
    root = chain[-1].body
    debit = AccountKey(issuer=root.issuer, unit=root.resource_type, owner=root.audience)
    policy = tx.ledger.policy(root.issuer, root.resource_type)
    return PlaceHold(
        id=hold_id(manifest.cid, attempt),
        debit=debit,
        amount=bid.body.price,
        expires_at=until,
        subject=manifest.signer,
        tokens=shares_of(chain),
        policies=() if policy is None else (policy,),
    )


def surroundings(tx: SqliteTransaction, world: World, *, now: int) -> Surroundings:
    """What of the submitter's world a job may see, as it is now: balances and policies, state
    and token holders, roles and reputation."""
    submitter, issuer = world.members.submitter.did, world.members.issuer.did
    balances = {}
    policies = {}
    for kind in ResourceType:
        account = tx.ledger.account(AccountKey(issuer=issuer, unit=kind, owner=submitter))
        balances[kind.value] = max(0, account.available)
        policy = tx.ledger.policy(issuer, kind)
        if policy is not None:
            usage = tx.ledger.usage(usage_key(issuer, kind, policy, submitter))
            policies[kind.value] = policies_to_value([(policy, usage)])
    register = register_block(tx, submitter)
    roles = roles_of(tx, world, submitter, now=now)
    return Surroundings(
        balances=balances,
        policies=policies,
        state_root=tx.state.root(submitter),
        tokens=None if register is None else register[0],
        reputation=reputation(tx.evidence.tally(submitter)).score,
        records={ROLES_RECORD: list(roles)} if roles else {},
        blocks={} if register is None else dict((register,)),
    )


def _check(
    world: World,
    given: Signed[Award],
    manifest: Signed[JobManifest],
    candidate: Candidate,
    hold: Signed[Hold],
    context: Context,
    now: int,
) -> None:
    """The executor's own check of what it is about to work for."""
    findings = check_award(
        given,
        manifest=manifest,
        bid=candidate.bid,
        hold=hold,
        context=context,
        issuers=world.members.genesis.body.issuers,
        now=now,
    )
    if findings:
        raise CommandError(
            ExitCode.VERIFICATION,
            "award-not-accepted",
            f"{candidate.bid.body.node_id} does not work for this award: {findings[0]}",
            hint="meshctl doctor",
            details={"findings": [str(each) for each in findings]},
        )


def not_open(job: Job) -> CommandError:
    """The problem of a job that takes no award any more."""
    job_id = job.key.job_id
    if job.node_id is not None:
        reason = f"job {job_id} was awarded to {job.node_id} already ({job.phase.value})"
    else:
        reason = f"job {job_id} is {job.phase.value}"
    return CommandError(
        ExitCode.FAILED,
        "job-not-open",
        reason,
        hint=f"meshctl job-status {job_id}",
        details={"job_id": job_id, "state": job.phase.value, "node_id": job.node_id},
    )


def no_such_bid(job: Job, node_id: NodeId) -> CommandError:
    """The problem of a bid that the job does not have, or does not take any more."""
    if job.is_final or job.award is not None:
        return not_open(job)
    names = [bid.node_id for bid in job.bids]
    job_id = job.key.job_id
    return CommandError(
        ExitCode.NOT_FOUND,
        "unknown-bid",
        f"job {job_id} has no bid of '{node_id}'",
        hint=(
            f"the bids are of {', '.join(names)}"
            if names
            else f"meshctl get-bids --job-id {job_id}"
        ),
        details={"job_id": job_id, "nodes": names},
    )


def dearer(job: Job, node_id: NodeId, price: int, most: int) -> CommandError:
    """The problem of a new bid that asks more than the expired one that was accepted."""
    job_id = job.key.job_id
    return CommandError(
        ExitCode.FAILED,
        "bid-dearer",
        f"the bid of {node_id} over {most} has expired, and it asks {price} now",
        hint=f"to pay that: meshctl accept-bid --job-id {job_id} --node-id {node_id}",
        details={"job_id": job_id, "node_id": node_id, "price": price, "expired_price": most},
    )


def hold_refused(refused: Refused) -> CommandError:
    """A hold that the issuer does not give, as a named problem."""
    reason = refused.reason
    detail = ""
    hint = "meshctl tokens balance"
    details: dict[str, object] = {"refusal": reason.name}
    if refused.available is not None:
        detail = f" ({refused.available} left)"
        details["available"] = refused.available
    if refused.denial is not None:
        denial = refused.denial
        detail = f": {denial.reason.value} ({denial.available} units allowed now)"
        details["available"] = denial.available
        details["retry_after_seconds"] = denial.retry_after_seconds
        hint = "meshctl policy show"
        if denial.retry_after_seconds is not None:
            hint = f"wait {denial.retry_after_seconds} s, then accept the bid again"
    is_denial = reason is LedgerRefusal.DENIED_BY_POLICY
    return CommandError(
        ExitCode.DENIED,
        "hold-denied-by-policy" if is_denial else "hold-refused",
        f"the issuer holds nothing for this bid: {reason.value}{detail}",
        hint=hint,
        details=details,
    )
