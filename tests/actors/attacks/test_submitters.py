"""Submitters among dishonest members: foreign names, made-up records, credentials of strangers."""

from typing import Any

import pytest
from msgspec.structs import replace
from submitting import Market

from mesh.actors.submitter.attempts.holds import EARLY_BYTES_MAX
from mesh.actors.submitter.rows import CREDENTIALS, EARLY, FAULTS, PROFILES, REVOKED, TOKENS
from mesh.core.fields import NodeId
from mesh.core.membership.equivocation import FAULTS_TOLD_MAX, fault_of
from mesh.core.ports.tables import Table
from mesh.core.records.market import Credential
from mesh.core.records.settlement import Revocation
from mesh.core.records.work import Progress, WorkPhase
from runtime.content.cid import Cid, Codec, cid_of
from runtime.identity.keys import SigningKey


def count(market: Market, table: Table[Any]) -> int:
    return market.within(lambda tx: tx.rows(table).count())


def some(number: int) -> Cid:
    return cid_of(number.to_bytes(4, "big"), Codec.DAG_CBOR)


# --- names


def test_profile_under_the_name_of_another_node_is_refused() -> None:
    market = Market()
    other = market.nodes[1]
    mine = market.node_profile(other, 0, sequence=2)
    market.deliver(mine)
    assert market.refusals() == {"INCONSISTENT": 1}
    row = market.within(lambda tx: tx.rows(PROFILES).get(other.did))
    assert row is not None and row.node_id == "node-1"


def test_bid_under_the_name_of_another_node_does_not_take_its_place() -> None:
    market = Market()
    job = market.submit()
    market.offer(job, 1, node_id=NodeId("node-0"))
    assert market.refusals() == {"INCONSISTENT": 1}
    market.offer(job, 0)
    assert [each.bidder for each in market.job(job.job_id).bids] == [market.nodes[0].did]


# --- faults


def two_profiles(market: Market, key: SigningKey, sequence: int) -> tuple[Any, Any]:
    first = market.node_profile(key, 1, sequence=sequence)
    return first, market.signed(key, replace(first.body, location="elsewhere"))


def test_fault_of_a_key_that_is_no_member_is_refused() -> None:
    market = Market()
    for number in range(3):
        stranger = SigningKey(number.to_bytes(32, "big"))
        first, second = two_profiles(market, stranger, 1)
        fault = market.signed(stranger, fault_of(first, second))
        market.deliver(fault, first.block, second.block)
    assert (count(market, FAULTS), market.refusals()) == (0, {"NOT_A_MEMBER": 3})


def test_faults_of_one_member_are_kept_so_often_at_most() -> None:
    market = Market()
    liar = market.nodes[1]
    for number in range(10, 10 + 2 * FAULTS_TOLD_MAX):
        first, second = two_profiles(market, liar, number)
        market.deliver(market.signed(liar, fault_of(first, second)), first.block, second.block)
    assert count(market, FAULTS) == FAULTS_TOLD_MAX


# --- credentials


def test_credential_of_a_giver_that_is_no_issuer_is_not_kept() -> None:
    market = Market()
    node = market.nodes[0]
    before = count(market, CREDENTIALS)
    for number, giver in enumerate((node, market.delegate, market.issuer_key)):
        body = Credential(subject=node.did, name="trusted", expires_at=market.now.wall + 100)
        given = market.signed(giver, body)
        profile = market.node_profile(node, 0, sequence=2 + number, credentials=(given.cid,))
        market.deliver(profile, given.block)
    assert count(market, CREDENTIALS) == before + 1


# --- records that come early


def early(market: Market, key: SigningKey, number: int) -> Any:
    body = Progress(hold=some(number), sequence=1, phase=WorkPhase.RUNNING, fuel_estimate=None)
    return market.signed(key, body)


def test_progress_of_a_member_that_never_works_is_not_kept() -> None:
    market = Market()
    market.deliver(early(market, market.delegate, 1))
    assert (count(market, EARLY), market.refusals()) == (0, {"WRONG_ROLE": 1})


@pytest.mark.parametrize("size", [EARLY_BYTES_MAX, EARLY_BYTES_MAX + 1])
def test_early_record_is_kept_with_so_much_at_most(size: int) -> None:
    market = Market()
    block = b"\x5a" + (size - 5).to_bytes(4, "big") + bytes(size - 5)
    assert len(block) == size
    market.deliver(early(market, market.nodes[0], 1), block)
    assert count(market, EARLY) == (size <= EARLY_BYTES_MAX)


# --- revocations, replaced profiles


def test_revocation_of_another_s_token_is_not_kept() -> None:
    market = Market()
    node = market.nodes[0]
    body = replace(market.token.body, issuer=node.did, audience=node.did)
    target = market.signed(node, body)
    taken = Revocation(target=target.cid, reason="", revoked_at=market.now.wall)
    market.deliver(market.signed(node, taken), target.block)
    assert (count(market, REVOKED), market.refusals()) == (0, {"NOT_ADDRESSED": 1})


def test_replaced_profiles_are_thrown_away() -> None:
    market = Market()
    profiles = [market.node_profile(market.nodes[0], 0, sequence=each) for each in range(2, 20)]
    for each in profiles:
        market.deliver(each)
    held = market.within(lambda tx: [each for each in profiles if tx.blocks.has(each.cid)])
    assert held == profiles[-1:]


# --- tokens


def test_worthless_token_of_another_is_not_spent_before_one_s_own() -> None:
    market = Market()
    root = market.token
    handed = replace(
        root.body, audience=market.submitter.did, parent=None, expires_at=root.body.expires_at - 1
    )
    of_liar = market.signed(market.issuer_key, replace(handed, audience=market.delegate.did))
    gift = market.signed(market.delegate, replace(handed, parent=of_liar.cid))
    market.deliver(gift, of_liar.block)
    assert count(market, TOKENS) == 2
    job = market.submit()
    assert market.manifest_of(job).body.resource_token == root.cid
