"""Records of one award in a test mesh: the hold, the award itself and the job's context."""

from dataclasses import dataclass

from meshfolk import Folk

from mesh import events as ev
from mesh.award import NO_SURROUNDINGS, context_for
from mesh.core.ids import hold_id
from mesh.job import HOLD_MARGIN_SECONDS, Job
from mesh.market import fuel_of
from mesh.records import Award, Bid, Hold, JobManifest
from runtime.content.cid import Cid
from runtime.execution.context import Context
from runtime.identity.signed import Signed, sign
from runtime.tokens.choice import shares_of
from runtime.tokens.in_force import PolicyInForce
from runtime.tokens.transfers import AccountKey, PlaceHold


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardRecords:
    """What an award consists of; it is signed for `bid`."""

    bid: Signed[Bid]
    hold: Signed[Hold]
    award: Signed[Award]
    context: Context

    @property
    def blocks(self) -> tuple[tuple[Cid, bytes], ...]:
        return (
            (self.hold.cid, self.hold.block),
            (self.award.cid, self.award.block),
            (self.context.cid, self.context.to_block()),
        )

    @property
    def event(self) -> ev.JobAwarded:
        award, hold = self.award.body, self.hold.body
        return ev.JobAwarded(
            award=self.award.cid,
            bid=award.bid,
            attempt=award.attempt,
            executor=self.bid.signer,
            node_id=self.bid.body.node_id,
            hold=hold.id,
            hold_expires_at=hold.expires_at,
            lease_expires_at=award.lease_expires_at,
        )


def award_records(
    folk: Folk, job: Job, manifest: Signed[JobManifest], bid: Signed[Bid], now: int
) -> AwardRecords:
    """Signs the award of a job's next attempt to a bid."""
    context = context_for(manifest, bid.body, engine=folk.engine.text, surroundings=NO_SURROUNDINGS)
    attempt = job.attempt + 1
    lease = now + manifest.body.requirements.max_seconds
    hold = sign(
        Hold(
            id=hold_id(job.manifest, attempt),
            token=manifest.body.resource_token,
            amount=bid.body.price,
            expires_at=lease + HOLD_MARGIN_SECONDS + 3600,
        ),
        mesh=folk.mesh,
        key=folk.founder,
    )
    award = sign(
        Award(
            job=job.manifest,
            bid=bid.cid,
            attempt=attempt,
            hold=hold.cid,
            context=context.cid,
            fuel_limit=fuel_of(bid.body.units),
            lease_expires_at=lease,
        ),
        mesh=folk.mesh,
        key=folk.submitter,
    )
    return AwardRecords(bid=bid, hold=hold, award=award, context=context)


def account_of(folk: Folk, manifest: Signed[JobManifest]) -> AccountKey:
    """The account that pays for a job."""
    return AccountKey(
        issuer=folk.founder.did, unit=manifest.body.resource_type, owner=manifest.signer
    )


def place_hold(
    folk: Folk,
    records: AwardRecords,
    manifest: Signed[JobManifest],
    policy: PolicyInForce | None,
) -> PlaceHold:
    """The command by which the ledger holds the price of an award."""
    account, hold = account_of(folk, manifest), records.hold.body
    return PlaceHold(
        id=hold.id,
        debit=account,
        amount=hold.amount,
        expires_at=hold.expires_at,
        subject=manifest.signer,
        tokens=shares_of((folk.token,)),
        policies=() if policy is None else (policy,),
    )
