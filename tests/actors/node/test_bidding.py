"""A node's answers to jobs: from its own queue, blocks, policy and credentials alone."""

from typing import Any

import pytest
from actor_bench import Bench, Chip
from attempt_world import MODULE, MODULE_CID, START, key
from msgspec.structs import replace
from node_runs import delivered, hold_of

from mesh.actors.base import MEMBERSHIPS
from mesh.actors.machine import Fitness
from mesh.core.ports.work import Failed, WorkFault, WorkId
from mesh.core.records.market import Bid, Credential, Decline, DeclineReason
from mesh.core.records.settlement import Ground, Revocation
from mesh.core.records.terms import Requirements, Trust
from mesh.core.verification.inputs import BYTES_ASSUMED
from runtime.content.cid import Codec, cid_of
from runtime.tokens.policy import Quota


def _configured(node: Bench, **changes: Any) -> None:
    settings = replace(node.do(node.actor.settings), **changes)
    assert node.do(lambda tx: node.actor.configure(tx, settings, node.now)) is None


def test_bid_states_price_time_and_what_must_be_fetched(node: Bench) -> None:
    given = cid_of(b"input", Codec.RAW)
    manifest = node.world.manifest(input=given)
    node.receive(manifest)
    bid = node.last(Bid).body
    assert (bid.units, bid.price) == (100, 1_000)
    assert (bid.work_seconds, bid.estimated_seconds) == (1, 1)
    assert bid.missing_bytes == 2 * BYTES_ASSUMED
    assert bid.expires_at == START + 3600
    node.put((MODULE_CID, MODULE))
    node.receive(node.world.manifest(2, input=given))
    assert node.last(Bid).body.missing_bytes == BYTES_ASSUMED


def test_repeat_gets_the_stored_bid_while_it_is_good(node: Bench) -> None:
    manifest = node.world.manifest(expires_at=START + 9_000)
    node.receive(manifest)
    hold_of(node, 2)
    node.receive(manifest)
    first = node.signed(Bid)[0]
    assert [each.record for each in node.sent if each.to == node.world.submitter.did].count(
        first.cid
    ) == 2
    node.later(3_600_000)
    node.receive(manifest)
    again = node.last(Bid)
    assert again.cid != first.cid and again.body.job == manifest.cid


def test_refusal_is_not_kept(node: Bench) -> None:
    _configured(node, running_max=1)
    first, manifest = hold_of(node), node.world.manifest(2)
    node.receive(manifest)
    assert node.last(Decline).body.reason is DeclineReason.CAPACITY
    node.receive(first.settlement(Ground.CANCELLED))
    node.receive(manifest)
    assert node.last(Bid).body.job == manifest.cid


def test_queue_of_holds_raises_price_and_estimate(node: Bench) -> None:
    for number in (1, 2):
        hold_of(node, number, resource_amount=6_000, budget=10**6)
    node.receive(node.world.manifest(3, resource_amount=6_000, budget=10**6))
    first, _, third = node.signed(Bid)
    assert third.body.estimated_seconds == 3 * first.body.estimated_seconds
    assert third.body.work_seconds == first.body.work_seconds
    assert third.body.price == 3 * first.body.price


def test_what_is_delivered_is_no_load(node: Bench) -> None:
    delivered(node, 1)
    node.receive(node.world.manifest(2))
    first, second = node.signed(Bid)
    assert first.body.price == second.body.price


def test_bound_of_the_call_is_priced(node: Bench, chip: Chip) -> None:
    chip.known = Fitness(bound_units=7)
    node.receive(node.world.manifest())
    assert (node.last(Bid).body.units, node.last(Bid).body.price) == (7, 70)


def test_call_that_cannot_be_made_is_declined(node: Bench, chip: Chip) -> None:
    chip.known = Fitness(obstacle="the module has no entry `run`")
    node.receive(node.world.manifest())
    answer = node.last(Decline).body
    assert (answer.reason, answer.detail) == (DeclineReason.MODULE, chip.known.obstacle)


def test_malformed_module_file_is_declined(node: Bench) -> None:
    root = cid_of(b"not a node", Codec.DAG_PB)
    node.put((root, b"not a node"))
    node.receive(node.world.manifest(module=root))
    assert node.last(Decline).body.reason is DeclineReason.MODULE


@pytest.mark.parametrize(
    ("max_seconds", "bids"),
    [(3, True), (2, False)],
)
def test_node_plans_a_third_of_the_time(node: Bench, max_seconds: int, bids: bool) -> None:
    needs = Requirements(max_seconds=max_seconds)
    node.receive(node.world.manifest(requirements=needs))
    assert bool(node.signed(Bid)) == bids
    assert bool(node.signed(Decline)) != bids


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"by": key("stranger")}, "NOT_A_MEMBER"),
        ({"by": key("node-1")}, "NOT_A_MEMBER"),
        (
            {
                "created_at": START + 301,
                "bid_deadline": START + 400,
            },
            "FROM_THE_FUTURE",
        ),
        (
            {
                "created_at": START - 10,
                "bid_deadline": START - 5,
                "expires_at": START,
            },
            "OVER",
        ),
    ],
)
def test_manifest_that_counts_for_nothing_is_refused(
    node: Bench, changes: dict[str, Any], refusal: str
) -> None:
    node.receive(node.world.manifest(**changes))
    assert node.refusals == {refusal: 1}
    assert not node.signed(Bid) and not node.signed(Decline)


# --- the node's own policy


def test_own_policy_counts_holds_and_gives_back_what_was_not_paid(node: Bench) -> None:
    _configured(node, policies={"compute": Quota(limit=150)})
    first = hold_of(node, 1)
    node.receive(node.world.manifest(2))
    assert node.last(Decline).body.reason is DeclineReason.POLICY
    node.receive(first.settlement(Ground.SILENT))
    hold_of(node, 3)
    node.receive(node.world.manifest(4))
    assert len(node.signed(Decline)) == 2
    assert len(node.signed(Bid)) == 2


def test_refused_hold_gives_back_nothing_that_was_not_counted(node: Bench) -> None:
    _configured(node, policies={"compute": Quota(limit=150)})
    hold_of(node, 1)
    node.receive(node.world.manifest(2))
    refused = node.world.attempt(
        node.world.bid(node.world.manifest(2)), node.world.manifest(2), amount=5
    )
    node.receive(refused.hold, *refused.order_blocks)
    node.receive(refused.settlement(Ground.GAVE_UP))
    node.receive(node.world.manifest(3))
    assert not [each for each in node.signed(Bid) if each.body.job != node.signed(Bid)[0].body.job]


# --- credentials


def _credential(node: Bench, by: Any = None, **changes: Any) -> Any:
    body = Credential(subject=node.own.did, name="audited", expires_at=START + 1_000)
    return node.world.sign(replace(body, **changes), by or node.world.issuer)


TRUSTED = Trust(required_credentials=("audited",))


def test_credential_of_an_issuer_is_shown_and_asked_for(node: Bench) -> None:
    manifest = node.world.manifest(trust=TRUSTED)
    node.receive(manifest)
    assert node.last(Decline).body.reason is DeclineReason.TRUST
    credential = _credential(node)
    node.receive(credential)
    node.receive(manifest)
    bid = node.last(Bid)
    assert bid.body.credentials == (credential.cid,)
    assert node.attached(bid) == {credential.cid}


def test_expired_credential_counts_no_more(node: Bench) -> None:
    node.receive(_credential(node))
    node.later(1_000_000)
    node.receive(node.world.manifest(trust=TRUSTED))
    assert node.last(Decline).body.reason is DeclineReason.TRUST


def test_revoked_credential_counts_no_more(node: Bench) -> None:
    credential = _credential(node)
    node.receive(credential)
    for signer in (node.world.submitter, node.world.issuer):
        revocation = Revocation(target=credential.cid, reason="", revoked_at=START)
        node.receive(node.world.sign(revocation, signer))
    assert node.refusals == {"WRONG_ROLE": 1}
    node.receive(node.world.manifest(trust=TRUSTED))
    assert node.last(Decline).body.reason is DeclineReason.TRUST
    node.receive(credential)
    node.receive(node.world.manifest(trust=TRUSTED))
    assert not node.signed(Bid)


def test_revocation_before_its_credential_counts(node: Bench) -> None:
    credential = _credential(node)
    revocation = Revocation(target=credential.cid, reason="", revoked_at=START)
    node.receive(node.world.sign(revocation, node.world.issuer), credential)
    node.receive(credential)
    node.receive(node.world.manifest(trust=TRUSTED))
    assert not node.signed(Bid)


@pytest.mark.parametrize(
    ("changes", "by", "refusal"),
    [
        ({"subject": key("node-1").did}, None, "NOT_ADDRESSED"),
        ({}, key("submitter"), "WRONG_ROLE"),
        ({"expires_at": START}, None, "OVER"),
    ],
)
def test_credential_that_does_not_count_is_refused(
    node: Bench, changes: dict[str, Any], by: Any, refusal: str
) -> None:
    node.receive(_credential(node, by, **changes))
    assert node.refusals == {refusal: 1}


def test_failed_attempts_do_not_count_as_running(node: Bench) -> None:
    _configured(node, running_max=1)
    attempt = hold_of(node)
    node.finish(WorkId(f"fetch/{attempt.hold.cid}/1"), Failed(fault=WorkFault.MISSING, detail=""))
    node.receive(node.world.manifest(2))
    assert len(node.signed(Bid)) == 2
    assert len(node.rows(MEMBERSHIPS)) == 1
