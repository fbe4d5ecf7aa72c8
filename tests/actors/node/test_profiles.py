"""Profiles of nodes: sent on change, and as a beat where presence counts."""

from actor_bench import BOOT, Bench, Chip
from attempt_world import START, World
from msgspec.structs import replace
from node_runs import node_bench

from mesh.actors.node.node import SettingsRefusal
from mesh.core.records.market import CREDENTIALS_MAX, Credential, NodeProfile
from mesh.core.records.terms import Capability
from runtime.identity.signed import Signed


def test_profile_goes_to_all_submitters_and_issuers(node: Bench) -> None:
    profile = node.last(NodeProfile)
    assert profile.body.sequence == START
    assert node.hearers(profile) == {node.world.issuer.did, node.world.submitter.did}


def test_profile_is_sent_again_only_on_change(node: Bench, chip: Chip) -> None:
    node.later(60_000)
    assert len(node.signed(NodeProfile)) == 1
    chip.engine = replace(chip.engine, version="2")
    node.later(0)
    assert node.last(NodeProfile).body.sequence == START + 60
    assert node.last(NodeProfile).body.engine == chip.engine


def test_profile_beats_where_presence_counts(world: World, chip: Chip) -> None:
    node = node_bench(world, chip, beats=True)
    assert node.later(19_999) == node.now.after(1)
    assert len(node.signed(NodeProfile)) == 1
    node.later(1)
    node.later(20_000)
    assert len(node.signed(NodeProfile)) == 3
    again = node.restart(boot=f"{BOOT} again")
    again.later(0)
    assert len(again.signed(NodeProfile)) == 1
    sequences = [each.last(NodeProfile).body.sequence for each in (node, again)]
    assert sequences[0] < sequences[1]


def test_restored_node_numbers_no_profile_twice(world: World, chip: Chip) -> None:
    node = node_bench(world, chip, beats=True)
    copy = node.store.copy()
    for _ in range(5):
        node.later(20_000)
    old = node.restart(copy)
    old.later(20_000)
    assert old.last(NodeProfile).body.sequence > node.last(NodeProfile).body.sequence


def test_profile_s_sequence_rises_also_where_the_clock_is_set_back(node: Bench, chip: Chip) -> None:
    chip.engine = replace(chip.engine, version="2")
    node.now = replace(node.now, wall=START - 1_000)
    node.later(0)
    assert node.last(NodeProfile).body.sequence == START + 1


def test_credentials_are_shown_until_they_expire(node: Bench) -> None:
    credential = node.world.sign(
        Credential(subject=node.own.did, name="audited", expires_at=START + 100),
        node.world.issuer,
    )
    node.receive(credential)
    assert node.later(0) == node.now.at(START + 100)
    profile = node.last(NodeProfile)
    assert profile.body.credentials == (credential.cid,)
    assert node.attached(profile) == {credential.cid}
    node.later(100_000)
    assert node.last(NodeProfile).body.credentials == ()


def test_node_shows_as_many_credentials_as_a_profile_holds(node: Bench) -> None:
    """Those that last longest, and one of each name."""

    def give(name: str, seconds: int) -> Signed[Credential]:
        body = Credential(subject=node.own.did, name=name, expires_at=START + seconds)
        credential = node.world.sign(body, node.world.issuer)
        node.receive(credential)
        return credential

    given = [give(f"role {number}", 1_000 + number) for number in range(CREDENTIALS_MAX + 1)]
    node.later(0)
    assert set(node.last(NodeProfile).body.credentials) == {each.cid for each in given[1:]}
    longer = give("role 64", 5_000)
    node.later(0)
    shown = {*(each.cid for each in given[1:-1]), longer.cid}
    assert set(node.last(NodeProfile).body.credentials) == shown


def test_declared_capability_is_never_shown_as_probed(node: Bench, chip: Chip) -> None:
    chip.capabilities = (Capability(name="arch", text="x86_64", is_probed=True),)
    boasting = (
        Capability(name="arch", text="arm", is_probed=True),
        Capability(name="gpu.count", amount=8, is_probed=True),
    )
    settings = replace(node.do(node.actor.settings), capabilities=boasting)
    assert node.do(lambda tx: node.actor.configure(tx, settings, node.now)) is None
    assert node.last(NodeProfile).body.capabilities == (
        chip.capabilities[0],
        Capability(name="gpu.count", amount=8, is_probed=False),
    )


def test_settings_out_of_range_are_refused_and_change_nothing(node: Bench) -> None:
    before = node.do(node.actor.settings)
    wrong = replace(before, surcharge_ppm=-1)
    answer = node.do(lambda tx: node.actor.configure(tx, wrong, node.now))
    assert answer is SettingsRefusal.OUT_OF_RANGE
    assert node.do(node.actor.settings) == before
    assert len(node.signed(NodeProfile)) == 1
