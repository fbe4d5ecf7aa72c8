"""Refusals of awards: one for each rung of the ladder, which changes nothing.

The same award without its one mistake is held, see `test_flow`.
"""

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from issuing.records import LEASE_MS, OTHER_ENGINE, UNITS, Asked
from issuing.world import World
from msgspec.structs import replace

from mesh.actors.issuer.rows import ATTEMPTS, EVIDENCE, JOBS
from mesh.core.ports.messages import ORDER_BYTES_MAX
from mesh.core.records.jobs import Award, Cancel
from mesh.core.records.membership import Fault
from mesh.core.records.terms import Children, Parent, Trust
from mesh.core.records.work import Hold
from mesh.core.settlement.books import USAGES, CommittedRow
from mesh.core.settlement.refusals import RETRY_SECONDS, AwardRefusal
from runtime.content.codec import INTEGER_MAX
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed
from runtime.tokens.policy import AllowAll, Quota
from runtime.tokens.token import ResourceType

CHILDREN = Children(depth=2, budget=1_500)

Message = tuple[Signed[Award], tuple[bytes, ...]]
Case = Callable[[World], Message]


def delegating(world: World) -> Asked:
    """A verified job whose program may submit others."""
    asked = world.verified(world.ask(world.manifest(children=CHILDREN)))
    world.sent.clear()
    return asked


def child(
    world: World, parent: Asked, *, position: int = 0, signer: SigningKey | None = None
) -> Asked:
    named = Parent(cause=parent.manifest.cid, position=position, depth=1)
    return world.ask(world.manifest(signer, parent=named), signer=signer)


def of_child(world: World, parent: Asked, position: int = 0) -> Message:
    return world.message(child(world, parent, position=position), parent.manifest.block)


def incomplete(world: World) -> Message:
    asked = world.ask()
    return asked.award, (*asked.blocks[1:], world.token.block)


def not_a_submitter(world: World) -> Message:
    return world.message(world.ask(world.manifest(world.node), signer=world.node))


def not_the_submitters(world: World) -> Message:
    return world.message(world.ask(signer=world.delegate))


def job_id_taken(world: World) -> Message:
    first = world.held()
    job_id = first.manifest.body.job_id
    return world.message(world.ask(world.manifest(job_id=job_id, description="another")))


def other_award_stored(world: World) -> Message:
    first = world.held()
    return world.message(world.ask(first.manifest, world.bid(first.manifest, world.other_node)))


def attempt_not_due(world: World) -> Message:
    return world.message(world.ask(attempt=2))


def cancelled(world: World) -> Message:
    asked = world.ask()
    cancel = world.signed(world.submitter, Cancel(job=asked.manifest.cid, reason=""))
    world.deliver(cancel, asked.manifest.block)
    return world.message(asked)


def tree_cancelled(world: World) -> Message:
    parent = delegating(world)
    cancel = world.signed(world.submitter, Cancel(job=parent.manifest.cid, reason=""))
    world.deliver(cancel)
    return of_child(world, parent)


def expired(world: World) -> Message:
    manifest = world.manifest()
    world.skip(1_000_000)
    return world.message(world.ask(manifest))


def from_the_future(world: World) -> Message:
    at = world.now.wall + 301
    manifest = world.manifest(created_at=at, bid_deadline=at, expires_at=at)
    return world.message(world.ask(manifest))


def units_over_amount(world: World) -> Message:
    manifest = world.manifest()
    return world.message(world.ask(manifest, world.bid(manifest, units=1_001)))


def price_over_budget(world: World) -> Message:
    manifest = world.manifest()
    return world.message(world.ask(manifest, world.bid(manifest, price=1_001)))


def no_price(world: World) -> Message:
    manifest = world.manifest()
    return world.message(world.ask(manifest, world.bid(manifest, price=0)))


def bid_expired(world: World) -> Message:
    asked = world.ask()
    world.skip(500_000)
    return world.message(asked)


def not_a_node(world: World) -> Message:
    manifest = world.manifest()
    return world.message(world.ask(manifest, world.bid(manifest, world.verifiers[0])))


def too_large(world: World) -> Message:
    return world.message(world.ask_sized(ORDER_BYTES_MAX + 1))


def terms_differ(world: World) -> Message:
    asked, other = world.ask(), world.ask()
    award = world.signed(world.submitter, replace(asked.award.body, context=other.context.cid))
    return world.message(replace(asked, award=award, context=other.context))


def parent_missing(world: World) -> Message:
    parent = Parent(cause=world.token.cid, position=0, depth=1)
    return world.message(world.ask(world.manifest(parent=parent)))


def position_taken(world: World) -> Message:
    parent = delegating(world)
    world.held(child(world, parent))
    return of_child(world, parent)


def parent_of_another(world: World) -> Message:
    parent = delegating(world)
    asked = child(world, parent, signer=world.delegate)
    return world.message(asked)


def parent_not_verified(world: World) -> Message:
    parent = world.held(world.ask(world.manifest(children=CHILDREN)))
    world.sent.clear()
    return of_child(world, parent)


def not_delegated(world: World) -> Message:
    parent = world.verified()
    return of_child(world, parent)


def over_delegation(world: World) -> Message:
    parent = delegating(world)
    world.held(child(world, parent))
    return of_child(world, parent, position=1)


def token_of_other_scope(world: World) -> Message:
    world.token = world.issue(1_000, scope="roofs")
    return world.message(world.ask(world.manifest(scope="roads")))


def token_exhausted(world: World) -> Message:
    world.token = world.issue(1_500)
    world.held()
    return world.message(world.ask())


def balance_too_low(world: World) -> Message:
    world.allocate(UNITS - 999, "roofs")
    return world.message(world.ask())


def denied_by_policy(world: World) -> Message:
    world.set_policy(Quota(limit=999))
    return world.message(world.ask())


def ledger_full(world: World) -> Message:
    """A subject that has committed, over the years, nearly all that can be counted."""
    row = CommittedRow(
        resource_type=ResourceType.COMPUTE,
        scope="",
        subject=world.submitter.did,
        committed=INTEGER_MAX - 999,
        buckets=(),
        changes=1,
    )
    world.within(lambda tx: tx.rows(USAGES).put(row))
    world.set_policy(AllowAll())
    return world.message(world.ask())


def verifiers_under_quorum(world: World) -> Message:
    return world.message(world.ask(world.manifest(trust=Trust(verifiers=1, quorum=1))))


def verifiers_too_few(world: World) -> Message:
    for each in world.verifiers[1:]:
        world.deliver(world.profile(each, OTHER_ENGINE, sequence=2))
    return world.message(world.ask())


CASES: Final[Mapping[AwardRefusal, Case]] = {
    AwardRefusal.INCOMPLETE: incomplete,
    AwardRefusal.NOT_A_SUBMITTER: not_a_submitter,
    AwardRefusal.NOT_THE_SUBMITTERS: not_the_submitters,
    AwardRefusal.JOB_ID_TAKEN: job_id_taken,
    AwardRefusal.OTHER_AWARD_STORED: other_award_stored,
    AwardRefusal.ATTEMPT_NOT_DUE: attempt_not_due,
    AwardRefusal.CANCELLED: cancelled,
    AwardRefusal.TREE_CANCELLED: tree_cancelled,
    AwardRefusal.EXPIRED: expired,
    AwardRefusal.FROM_THE_FUTURE: from_the_future,
    AwardRefusal.UNITS_OVER_AMOUNT: units_over_amount,
    AwardRefusal.PRICE_OVER_BUDGET: price_over_budget,
    AwardRefusal.NO_PRICE: no_price,
    AwardRefusal.BID_EXPIRED: bid_expired,
    AwardRefusal.NOT_A_NODE: not_a_node,
    AwardRefusal.TOO_LARGE: too_large,
    AwardRefusal.TERMS_DIFFER: terms_differ,
    AwardRefusal.PARENT_MISSING: parent_missing,
    AwardRefusal.POSITION_TAKEN: position_taken,
    AwardRefusal.PARENT_OF_ANOTHER: parent_of_another,
    AwardRefusal.PARENT_NOT_VERIFIED: parent_not_verified,
    AwardRefusal.NOT_DELEGATED: not_delegated,
    AwardRefusal.OVER_DELEGATION: over_delegation,
    AwardRefusal.TOKEN: token_of_other_scope,
    AwardRefusal.TOKEN_EXHAUSTED: token_exhausted,
    AwardRefusal.BALANCE_TOO_LOW: balance_too_low,
    AwardRefusal.POLICY: denied_by_policy,
    AwardRefusal.LEDGER_FULL: ledger_full,
    AwardRefusal.VERIFIERS_UNDER_QUORUM: verifiers_under_quorum,
    AwardRefusal.VERIFIERS_TOO_FEW: verifiers_too_few,
}


def test_each_rung_of_the_ladder_has_a_case() -> None:
    assert set(CASES) == set(AwardRefusal)


@pytest.mark.parametrize("reason", AwardRefusal, ids=lambda each: each.name)
def test_refused_award_is_answered_and_changes_nothing(reason: AwardRefusal) -> None:
    world = World()
    award, blocks = CASES[reason](world)
    world.sent.clear()
    before = state(world)
    world.deliver(award, *blocks)
    stored = {each.hold for each in world.within(lambda tx: tx.rows(ATTEMPTS).select())}
    assert {each.cid for each in world.of_kind(Hold)} <= stored
    assert not world.answer.accepted
    assert world.answer.reason == reason.name.lower().replace("_", "-")
    assert world.answer.detail.startswith(reason.value)
    assert state(world) == before


def state(world: World) -> object:
    """What a refusal must not change."""
    return world.within(lambda tx: (tx.rows(ATTEMPTS).select(), tx.rows(JOBS).select())), sorted(
        map(str, world.accounts())
    )


def test_two_manifests_of_one_job_id_are_a_fault_known_to_all() -> None:
    world = World()
    award, blocks = job_id_taken(world)
    first = world.attempt().job
    world.sent.clear()
    world.deliver(award, *blocks)
    world.deliver(award, *blocks)
    faults = world.of_kind(Fault)
    assert {each.cid for each in faults} == {faults[0].cid}
    members = world.founding.change.body.members
    assert len(faults) == len(members) - 1
    assert faults[0].body.accused == world.submitter.did
    assert faults[0].body.evidence == (first, award.body.job)
    assert not world.of_kind(Hold)


def test_two_awards_of_one_attempt_are_both_kept_and_nobodys_fault() -> None:
    world = World()
    award, blocks = other_award_stored(world)
    first = world.attempt().award
    world.deliver(award, *blocks)
    (kept,) = world.within(lambda tx: tx.rows(EVIDENCE).select())
    assert (kept.first, kept.second, kept.fault) == (first, award.cid, None)
    assert world.within(lambda tx: (tx.blocks.has(first), tx.blocks.has(award.cid))) == (True, True)
    assert not world.of_kind(Fault)


def test_refused_award_is_held_once_its_reason_is_gone() -> None:
    world = World()
    award, blocks = verifiers_too_few(world)
    world.deliver(award, *blocks)
    assert world.answer.retry_after == RETRY_SECONDS
    for each in world.verifiers:
        world.deliver(world.profile(each, sequence=3))
    world.deliver(award, *blocks)
    assert world.hold.body.award == award.cid


def test_verifier_without_a_profile_for_a_while_is_not_eligible() -> None:
    world = World(presence_seconds=60)
    asked = world.ask()
    world.skip(60_000)
    for each in world.verifiers[:1]:
        world.deliver(world.profile(each))
    world.award(asked)
    assert world.answer.reason == "verifiers-too-few"
    world.deliver(world.profile(world.verifiers[1]))
    world.award(asked)
    assert world.attempt().eligible_count == 2


def test_clock_that_is_set_ahead_makes_no_verifier_absent() -> None:
    world = World(presence_seconds=60)
    asked = world.ask()
    world.now = replace(world.now, wall=world.now.wall + 100)
    world.award(asked)
    assert world.attempt().eligible_count == len(world.verifiers)


def test_children_of_several_depths_count_against_every_job_above() -> None:
    world = World()
    root = delegating(world)
    nearer = Children(depth=1, budget=10_000)
    manifest = world.manifest(
        parent=Parent(cause=root.manifest.cid, position=0, depth=1), children=nearer
    )
    world.verified(world.ask(manifest, world.bid(manifest, price=700)))
    below = world.manifest(parent=Parent(cause=manifest.cid, position=0, depth=2))
    blocks = (manifest.block, root.manifest.block)
    world.award(world.ask(below, world.bid(below, price=801)), *blocks)
    assert world.answer.reason == "over-delegation"
    world.award(world.ask(below, world.bid(below, price=800)), *blocks)
    assert world.hold.body.job == below.cid


def test_max_seconds_is_thrice_the_estimate_and_a_lease_within_the_manifests() -> None:
    world = World()
    world.held()
    assert world.hold.body.max_seconds == 60
    manifest = world.manifest()
    world.held(world.ask(manifest, world.bid(manifest, estimated_seconds=25)))
    assert world.hold.body.max_seconds == 3 * 25 + LEASE_MS // 1000
    manifest = world.manifest()
    world.held(world.ask(manifest, world.bid(manifest, estimated_seconds=1_000)))
    assert world.hold.body.max_seconds == manifest.body.requirements.max_seconds
