"""Requests to an issuer besides awards: withdrawals, transfers, tokens, and their refusals."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from issuing.records import UNITS, WALL, Asked, result
from issuing.world import World
from msgspec.structs import replace

from mesh.actors.base import REFUSALS, MessageRefusal
from mesh.core.records.jobs import Cancel, Transfer, TransferItem
from mesh.core.records.membership import Fault
from mesh.core.records.settlement import Answer, Ground, Revocation, Settlement, Statement
from mesh.core.records.terms import Children, Parent
from mesh.core.records.work import Draw, GaveUp, GaveUpGround
from mesh.core.settlement.refusals import RequestRefusal
from runtime.content.cid import Cid
from runtime.identity.signed import Signed
from runtime.tokens.policy import Quota
from runtime.tokens.token import ResourceToken, ResourceType

Message = tuple[Signed[Any], tuple[bytes, ...]]


def item(world: World, amount: int, position: int = 0) -> TransferItem:
    return TransferItem(
        position=position,
        to=world.node.did,
        resource_type=ResourceType.COMPUTE,
        amount=amount,
    )


def transfer(world: World, *items: TransferItem, cause: Cid | None = None) -> Message:
    body = Transfer(cause=cause or world.token.cid, items=items)
    return world.signed(world.submitter, body), ()


def cancel(world: World, asked: Asked, *, by_delegate: bool = False) -> Message:
    key = world.delegate if by_delegate else world.submitter
    record = world.signed(key, Cancel(job=asked.manifest.cid, reason="no more"))
    return record, (asked.manifest.block,)


def handed_on(world: World, **changes: Any) -> Signed[ResourceToken]:
    body = ResourceToken(
        resource_type=ResourceType.COMPUTE,
        amount=1_000,
        scope="roofs",
        expires_at=WALL + 1_000,
        issuer=world.issuer.did,
        audience=world.delegate.did,
        parent=world.token.cid,
        nonce=bytes(16),
    )
    return world.signed(world.submitter, replace(body, **changes))


def incomplete(world: World) -> Message:
    asked = world.ask()
    return world.signed(world.submitter, Cancel(job=asked.manifest.cid, reason="")), ()


def not_its_signers(world: World) -> Message:
    return cancel(world, world.held(), by_delegate=True)


def result_fixed(world: World) -> Message:
    asked = world.held()
    world.deliver_receipt(asked)
    return cancel(world, asked)


def ended(world: World) -> Message:
    return cancel(world, world.verified())


def hold_settled(world: World) -> Message:
    asked = world.held()
    receipt, anchor, block = world.receipt(asked)
    world.wait(3_000)
    return receipt, (anchor.block, block)


def not_due(world: World) -> Message:
    world.held()
    return world.seal(world.node), ()


def record_wrong(world: World) -> Message:
    asked = world.held()
    receipt, anchor, block = world.receipt(asked, usage={"compute": 5})
    return receipt, (anchor.block, block)


def other_transfer_stored(world: World) -> Message:
    world.deliver(*unpacked(transfer(world, item(world, 1))))
    return transfer(world, item(world, 2))


def balance_too_low(world: World) -> Message:
    return transfer(world, item(world, UNITS), item(world, 1, 1))


def token_not_continued(world: World) -> Message:
    token = handed_on(world, amount=UNITS + 1)
    return token, (world.token.block,)


CASES: Final[Mapping[RequestRefusal, Callable[[World], Message]]] = {
    RequestRefusal.INCOMPLETE: incomplete,
    RequestRefusal.NOT_ITS_SIGNERS: not_its_signers,
    RequestRefusal.RESULT_FIXED: result_fixed,
    RequestRefusal.ENDED: ended,
    RequestRefusal.HOLD_SETTLED: hold_settled,
    RequestRefusal.NOT_DUE: not_due,
    RequestRefusal.RECORD_WRONG: record_wrong,
    RequestRefusal.OTHER_TRANSFER_STORED: other_transfer_stored,
    RequestRefusal.BALANCE_TOO_LOW: balance_too_low,
    RequestRefusal.TOKEN: token_not_continued,
}


def unpacked(message: Message) -> tuple[Any, ...]:
    return message[0], *message[1]


def test_each_refusal_of_a_request_has_a_case() -> None:
    assert set(CASES) == set(RequestRefusal)


@pytest.mark.parametrize("reason", RequestRefusal, ids=lambda each: each.name)
def test_refused_request_is_answered_by_name(reason: RequestRefusal) -> None:
    world = World()
    message = CASES[reason](world)
    world.sent.clear()
    before = sorted(map(str, world.accounts()))
    world.deliver(*unpacked(message))
    answer = world.of_kind(Answer)[-1].body
    assert (answer.accepted, answer.request) == (False, message[0].cid)
    assert answer.reason == reason.name.lower().replace("_", "-")
    assert sorted(map(str, world.accounts())) == before


def test_cancel_of_a_job_without_a_hold_is_accepted_and_refuses_later_awards() -> None:
    world = World()
    asked = world.ask()
    message = cancel(world, asked)
    world.deliver(*unpacked(message))
    accepted = world.last(Answer)
    assert accepted.body.accepted
    world.deliver(*unpacked(message))
    assert world.last(Answer).cid == accepted.cid, "a repeat gets the stored answer"
    world.award(asked)
    assert world.answer.reason == "cancelled"


def test_cancel_of_a_tree_ends_what_works_below() -> None:
    world = World()
    children = Children(depth=1, budget=1_000)
    root = world.verified(world.ask(world.manifest(children=children)))
    parent = Parent(cause=root.manifest.cid, position=0, depth=1)
    below = world.held(world.ask(world.manifest(parent=parent)))
    world.deliver(*unpacked(cancel(world, root)))
    assert world.attempt().job in (root.manifest.cid, below.manifest.cid)
    assert world.settlement.ground is Ground.CANCELLED
    assert world.settlement.hold == world.hold.cid
    assert world.answer.accepted


def test_giving_up_after_a_result_is_refused() -> None:
    world = World()
    asked = world.held()
    world.deliver_receipt(asked)
    gave_up = GaveUp(hold=world.hold.cid, ground=GaveUpGround.MACHINE, detail="")
    world.deliver(world.signed(world.node, gave_up))
    assert world.answer.reason == "result-fixed"
    assert world.of_kind(Settlement) == []


def test_transfer_moves_all_its_items_once() -> None:
    world = World()
    message = transfer(world, item(world, 5), item(world, 7, 1))
    for _ in range(2):
        world.deliver(*unpacked(message))
        assert world.answer.accepted
    assert world.balance(world.node.did) == 12
    assert len({each.cid for each in world.of_kind(Answer)}) == 1


def test_submitter_that_is_paid_learns_what_it_has() -> None:
    """It has asked for nothing; by an older statement it would not."""
    world = World()
    paid = replace(item(world, 70), to=world.delegate.did)
    world.deliver(*unpacked(transfer(world, paid, item(world, 5, 1))))
    statement = world.last(Statement, world.delegate)
    assert statement.body.balances == {"compute": 70}
    assert world.history_of(Statement, world.node) == []


def test_owner_of_a_token_learns_what_its_holder_has_spent() -> None:
    world = World()
    child = handed_on(world, amount=UNITS, scope="")
    manifest = world.manifest(world.delegate, resource_token=child.cid)
    asked = world.ask(manifest, signer=world.delegate)
    world.deliver(asked.award, *asked.blocks, child.block, world.token.block)
    held = world.last(Statement, world.submitter).body
    assert (held.balances, held.held) == ({"compute": UNITS - 1_000}, {"compute": 1_000})
    world.deliver(*unpacked(cancel(world, asked, by_delegate=True)))
    returned = world.last(Statement, world.submitter).body
    assert (returned.balances, returned.held) == ({"compute": UNITS}, {})


def test_transfer_of_another_for_the_same_cause_is_not_in_the_way() -> None:
    world = World()
    body = Transfer(cause=world.mesh, items=(item(world, 1),))
    world.deliver(world.signed(world.delegate, body))
    assert world.answer.reason == "balance-too-low"
    world.deliver(*unpacked(transfer(world, item(world, 3), cause=world.mesh)))
    assert world.answer.accepted
    assert world.balance(world.node.did) == 3


def test_two_transfers_for_one_cause_are_a_fault() -> None:
    world = World()
    world.deliver(*unpacked(other_transfer_stored(world)))
    assert world.last(Fault).body.accused == world.submitter.did


def test_token_handed_on_pays_from_the_account_of_its_first_holder() -> None:
    world = World()
    token = handed_on(world)
    world.deliver(token, world.token.block)
    assert world.answer.accepted
    root, world.token = world.token, token
    manifest = world.manifest(world.delegate, scope="roofs/tiles")
    world.award(world.ask(manifest, signer=world.delegate), root.block)
    assert world.hold.body.amount == 1_000
    assert world.statement.held == {"compute": 1_000}


def test_revoked_token_and_its_children_pay_for_nothing() -> None:
    world = World()
    token = handed_on(world)
    world.deliver(token, world.token.block)
    body = Revocation(target=token.cid, reason="", revoked_at=WALL)
    world.deliver(world.signed(world.delegate, body), token.block)
    assert world.answer.reason == "not-its-signers"
    world.deliver(world.signed(world.submitter, body), token.block)
    assert world.answer.accepted
    root, world.token = world.token, token
    manifest = world.manifest(world.delegate, scope="roofs")
    world.award(world.ask(manifest, signer=world.delegate), root.block)
    assert (world.answer.reason, "revoked" in world.answer.detail) == ("token", True)


def test_token_of_ones_own_issue_is_taken_back_by_command() -> None:
    world = World()
    issued = world.token.cid
    world.within(lambda tx: world.issuer.revoke(tx, token=issued, reason="", now=world.now))
    assert world.last(Revocation, world.submitter).body.target == issued
    world.award(world.ask())
    assert "revoked" in world.answer.detail


def test_units_set_aside_are_spent_by_their_own_token_alone() -> None:
    world = World()
    token = world.allocate(1_500, "roofs")
    assert isinstance(token, Signed)
    assert world.statement.balances == {"compute": UNITS - 1_500}
    world.token = token
    world.award(world.ask(world.manifest(scope="roads")))
    assert world.answer.reason == "token"
    world.held(world.ask(world.manifest(scope="roofs")))
    assert world.statement.held == {}
    assert world.statement.balances == {"compute": UNITS - 1_500}


def test_units_set_aside_return_when_their_token_is_taken_back() -> None:
    world = World()
    token = world.allocate(2_500, "roofs")
    assert isinstance(token, Signed)
    world.token = token
    world.held(world.ask(world.manifest(scope="roofs")))
    for _ in range(2):
        world.within(lambda tx: world.issuer.revoke(tx, token=token.cid, reason="", now=world.now))
    assert world.statement.balances == {"compute": UNITS - 1_000}
    world.award(world.ask(world.manifest(scope="roofs")))
    assert "revoked" in world.answer.detail


def test_policies_of_all_scopes_that_contain_the_demand_apply() -> None:
    world = World()
    world.set_policy(Quota(limit=5_000))
    world.set_policy(Quota(limit=1_500), "roofs")
    world.set_policy(Quota(limit=1), "roads")
    world.held(world.ask(world.manifest(scope="roofs/tiles")))
    world.award(world.ask(world.manifest(scope="roofs")))
    assert world.answer.reason == "policy"
    amended = world.set_policy(Quota(limit=2_000), "roofs")
    assert amended.body.edition == 2
    kept = {"compute": 1_000, "compute/roofs": 1_000}
    assert world.statement.usage == kept, "an amendment resets nobody's usage"
    world.held(world.ask(world.manifest(scope="roofs")))
    assert set(world.statement.policies) >= {amended.cid}


def test_statement_of_an_owner_rises_only_with_a_change() -> None:
    world = World()
    first = world.statement
    assert world.statement == first
    world.held()
    second = world.statement
    assert second.sequence > first.sequence
    assert (second.balances, second.held) == ({"compute": UNITS - 1_000}, {"compute": 1_000})


def test_two_receipts_for_one_hold_are_a_fault_and_the_first_counts() -> None:
    world = World()
    asked = world.held()
    world.deliver_receipt(asked)
    first = world.attempt().first
    second, anchor, block = world.receipt(asked, result("another"))
    world.deliver(second, anchor.block, block)
    fault = world.last(Fault).body
    assert (fault.accused, fault.evidence) == (world.node.did, (first, second.cid))
    assert world.attempt().first == first
    assert len({each.cid for each in world.of_kind(Draw)}) == 1


def test_two_attestations_for_one_hold_are_a_fault_and_the_first_counts() -> None:
    world = World()
    asked = world.held()
    world.deliver_receipt(asked)
    liar = world.drawn()[0]
    world.attest(liar, result("wrong"))
    world.attest(liar)
    assert world.last(Fault).body.accused == liar.did
    assert len(world.attempt().votes) == 1


def test_strangers_and_others_change_nothing() -> None:
    world = World()
    asked = world.held()
    world.sent.clear()
    stranger = world.stranger
    receipt, anchor, block = world.receipt(asked)
    forged = world.signed(stranger, receipt.body)
    world.deliver(forged, anchor.block, block)
    world.deliver(world.signed(stranger, Cancel(job=asked.manifest.cid, reason="")))
    attestation, found = world.attestation(world.verifiers[0])
    world.deliver(attestation, found)
    assert world.sent == []
    counted = {row.reason for row in world.within(lambda tx: tx.rows(REFUSALS).select())}
    assert counted == {MessageRefusal.NOT_ADDRESSED.name, MessageRefusal.NOT_A_MEMBER.name}
