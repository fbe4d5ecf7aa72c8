"""Messages to a node that are late, stale, or of those who may not send them."""

from typing import Any

from actor_bench import Bench, Chip
from attempt_world import MODULE_CID, START, World, execution, key
from msgspec.structs import replace
from node_runs import bid_of, delivered, executed, fetched, hold_of, node_bench
from refusals import refusing

from mesh.actors.node.rows import ATTEMPTS, CHAIN, HEADS, RESTORED
from mesh.core.ports.work import Executed, Fetched, WorkId
from mesh.core.records.market import Bid, Credential, Decline, DeclineReason, NodeProfile
from mesh.core.records.settlement import Ground, Revocation
from mesh.core.records.work import Anchor, GaveUp, GaveUpGround, Receipt
from mesh.core.verification.anchors import Head, next_anchor
from runtime.content.cid import Codec, cid_of
from runtime.tokens.policy import Quota

OTHER = cid_of(b"other", Codec.DAG_CBOR)


def _own_anchor(node: Bench) -> Any:
    return node.actor.archive.read_as(Anchor, node.block(node.rows(CHAIN)[0].anchor))


# --- holds


def test_hold_that_names_another_executor_is_none_of_its_affair(node: Bench) -> None:
    attempt = bid_of(node)
    other = node.world.attempt(attempt.bid, attempt.manifest, executor=key("node-1").did)
    node.receive(other.hold, *other.order_blocks)
    assert node.refusals == {"NOT_ADDRESSED": 1} and not node.signed(GaveUp)


def test_hold_dated_ahead_waits(node: Bench) -> None:
    attempt = bid_of(node)
    ahead = node.world.attempt(attempt.bid, attempt.manifest, issued_at=START + 301)
    node.receive(ahead.hold, *ahead.order_blocks)
    assert node.refusals == {"FROM_THE_FUTURE": 1} and not node.signed(GaveUp)
    node.later(1_000)
    node.receive(ahead.hold, *ahead.order_blocks)
    assert node.asked


def test_hold_issued_after_its_bid_had_expired_is_refused(node: Bench) -> None:
    attempt = bid_of(node, expires_at=START + 9_000)
    late = node.world.attempt(attempt.bid, attempt.manifest, issued_at=START + 3_600)
    node.now = replace(node.now, wall=START + 3_600)
    node.receive(late.hold, *late.order_blocks)
    assert node.last(GaveUp).body.ground is GaveUpGround.HOLD_REFUSED
    assert not node.asked


def test_award_of_other_terms_is_refused(node: Bench) -> None:
    attempt = bid_of(node)
    wrong = node.world.attempt(attempt.bid, attempt.manifest, fuel_limit=7)
    node.receive(wrong.hold, *wrong.order_blocks)
    assert node.last(GaveUp).body.ground is GaveUpGround.HOLD_REFUSED


def test_list_with_a_verifier_of_its_own_choice_is_refused(chip: Chip) -> None:
    node = node_bench(World(cooperatives={"verifier-0": "sub", "submitter": "sub"}), chip)
    attempt = bid_of(node)
    everyone = tuple(sorted(each.did for each in node.world.verifiers))
    biased = node.world.attempt(attempt.bid, attempt.manifest, listed=everyone)
    node.receive(biased.hold, *biased.order_blocks)
    assert node.last(GaveUp).body.ground is GaveUpGround.HOLD_REFUSED
    assert node.world.verifiers[0].did in node.last(GaveUp).body.detail


def test_hold_below_a_change_that_is_long_known_is_refused(node: Bench) -> None:
    attempt = bid_of(node)
    node.receive(*node.world.change())
    for issued_at in (START + 600, START + 599):
        node.now = replace(node.now, wall=issued_at)
        hold = node.world.attempt(attempt.bid, attempt.manifest, issued_at=issued_at)
        node.receive(hold.hold, *hold.order_blocks)
    assert node.refusals == {"OVER": 1}
    assert len(node.asked) == 1


# --- work


def test_fetch_that_brought_too_little_ends_the_attempt(node: Bench) -> None:
    attempt = hold_of(node)
    node.finish(WorkId(f"fetch/{attempt.hold.cid}/1"), Fetched())
    assert node.last(GaveUp).body.ground is GaveUpGround.BLOCKS
    assert str(MODULE_CID) in node.last(GaveUp).body.detail


def test_malformed_module_file_ends_the_attempt(node: Bench) -> None:
    root = cid_of(b"junk", Codec.DAG_PB)
    attempt = hold_of(node, module=root)
    node.put((root, b"junk"))
    node.finish(WorkId(f"fetch/{attempt.hold.cid}/1"), Fetched())
    assert node.last(GaveUp).body.ground is GaveUpGround.MODULE


def test_result_without_room_for_its_blocks_is_the_machine_s_fault(
    world: World, chip: Chip
) -> None:
    node = node_bench(world, chip, quota_bytes=50_000)
    attempt = hold_of(node)
    executed(node, fetched(node, attempt), execution(b"x" * 60_000))
    assert node.last(GaveUp).body.ground is GaveUpGround.MACHINE


def test_result_of_work_that_nobody_waits_for_changes_nothing(node: Bench) -> None:
    attempt = hold_of(node)
    done = Executed(execution=execution(), started_at=START, ended_at=START)
    work = fetched(node, attempt)

    def say(name: str) -> None:
        node.do(lambda tx: node.actor.finished(tx, WorkId(name), done, node.now))

    say(f"execute/{attempt.hold.cid}/2")
    say(f"execute/{OTHER}/1")
    assert not node.signed(Receipt)
    executed(node, work)
    say(work)
    assert len(node.signed(Receipt)) == 1


# --- ends


def test_paid_attempt_counts_under_the_own_policy(node: Bench) -> None:
    settings = replace(node.do(node.actor.settings), policies={"compute": Quota(limit=150)})
    node.do(lambda tx: node.actor.configure(tx, settings, node.now))
    attempt = delivered(node)
    node.receive(attempt.settlement(Ground.VERIFIED, 850))
    node.receive(node.world.manifest(2))
    assert node.last(Decline).body.reason is DeclineReason.POLICY


def test_settlement_of_a_receipt_that_is_not_its_own_is_noted(node: Bench) -> None:
    attempt = delivered(node)
    node.receive(attempt.settlement(Ground.REFUTED, receipt=OTHER))
    assert node.rows(ATTEMPTS)[0].complaint == "it names a receipt that is not this node's"


def test_answer_of_another_or_about_another_hold_ends_nothing(node: Bench) -> None:
    delivered(node, 1)
    other = delivered(node, 2)
    answer = refusing(node.signed(Receipt)[0].cid)
    node.receive(node.world.sign(answer, node.world.submitter))
    settled = other.settlement(Ground.SILENT)
    mixed = replace(answer, settlement=settled.cid)
    node.receive(node.world.sign(mixed, node.world.issuer), settled)
    node.receive(node.world.sign(replace(answer, request=OTHER), node.world.issuer))
    assert node.refusals == {"WRONG_ROLE": 1, "INCONSISTENT": 1, "UNKNOWN_SUBJECT": 1}
    assert len(node.unanswered()) == 2


def test_draw_of_another_than_the_issuer_is_refused(node: Bench) -> None:
    attempt = delivered(node)
    node.receive(attempt.draw(node.last(Receipt).cid, by=node.world.submitter))
    assert node.refusals == {"WRONG_ROLE": 1}
    node.receive(attempt.draw(node.last(Receipt).cid))
    assert node.refusals == {"WRONG_ROLE": 1}


# --- bids


def test_bid_that_is_good_no_more_is_made_anew_before_any_tick(node: Bench) -> None:
    manifest = node.world.manifest(expires_at=START + 9_000)
    node.receive(manifest)
    node.now = replace(node.now, wall=START + 3_600)
    node.receive(manifest)
    first, second = node.signed(Bid)
    assert second.body.expires_at == first.body.expires_at + 3_600


def test_bid_that_a_newer_one_has_replaced_orders_nothing(node: Bench) -> None:
    manifest = node.world.manifest(expires_at=START + 9_000)
    node.receive(manifest)
    node.now = replace(node.now, wall=START + 3_600)
    node.receive(manifest)
    older = node.world.attempt(node.signed(Bid)[0], manifest, issued_at=START + 3_599)
    node.receive(older.hold, *older.order_blocks)
    refused = node.last(GaveUp).body
    assert refused.ground is GaveUpGround.HOLD_REFUSED
    assert refused.detail == "the bid is not one that is good here"


# --- chains


def test_restored_node_repeats_no_bid(node: Bench) -> None:
    delivered(node, 1)
    manifest = node.world.manifest(3)
    node.receive(manifest)
    copy = node.store.copy()
    delivered(node, 2)
    old = node.restart(copy)
    old.receive(_own_anchor(node))
    old.receive(manifest)
    assert not old.signed(Bid) and len(old.signed(Decline)) == 1
    assert old.rows(RESTORED)[0].known_sequence == 1
    assert old.rows(RESTORED)[0].sequence == 2


def test_hold_that_shows_a_restored_node_its_end_is_refused(node: Bench) -> None:
    delivered(node, 1)
    attempt = bid_of(node, 3)
    copy = node.store.copy()
    delivered(node, 2)
    old = node.restart(copy)
    old.receive(attempt.hold, *attempt.order_blocks, _own_anchor(node))
    assert old.last(GaveUp).body.ground is GaveUpGround.HOLD_REFUSED
    assert not old.asked


def test_newest_head_of_each_member_is_kept(node: Bench) -> None:
    other, stranger = key("node-1"), key("stranger")
    newer = node.world.sign(
        next_anchor(OTHER, Head(sequence=7, anchor=OTHER), (), other.did), other
    )
    older = node.world.sign(next_anchor(OTHER, None, (), other.did), other)
    for anchor in (newer, older, node.world.sign(older.body, stranger)):
        node.receive(anchor)
    attempt = delivered(node)
    node.receive(attempt.settlement(Ground.SILENT), node.world.sign(older.body, stranger))
    assert [(each.member, each.sequence) for each in node.rows(HEADS)] == [(other.did, 8)]
    assert node.refusals == {"NOT_A_MEMBER": 1}


# --- profiles


def test_change_of_members_sends_the_profile_to_the_new_ones(node: Bench) -> None:
    node.receive(*node.world.change([node.world.submitter.did]))
    node.later(0)
    profile = node.last(NodeProfile)
    assert len(node.signed(NodeProfile)) == 2
    assert node.hearers(profile) == {node.world.issuer.did}


def test_credential_of_who_is_no_issuer_any_more_is_not_shown(node: Bench) -> None:
    credential = Credential(subject=node.own.did, name="audited", expires_at=START + 9_000)
    node.receive(node.world.sign(credential, node.world.issuer))
    node.later(0)
    assert node.last(NodeProfile).body.credentials
    node.receive(*node.world.change([node.world.issuer.did]))
    node.later(0)
    assert not node.last(NodeProfile).body.credentials


def test_revocation_of_another_s_credential_is_refused(node: Bench) -> None:
    credential = node.world.sign(
        Credential(subject=key("node-1").did, name="audited", expires_at=START + 9_000),
        node.world.issuer,
    )
    revocation = Revocation(target=credential.cid, reason="", revoked_at=START)
    node.receive(node.world.sign(revocation, node.world.issuer), credential)
    unknown = Revocation(target=OTHER, reason="", revoked_at=START)
    node.receive(node.world.sign(unknown, node.world.issuer))
    assert node.refusals == {"NOT_ADDRESSED": 1, "UNKNOWN_SUBJECT": 1}
