"""The founding of a mesh: what its founders sign counts, and nothing that others sign."""

from msgspec.structs import replace

from mesh.core.fields import NodeId
from mesh.core.membership.founding import found_mesh
from mesh.core.membership.members import counts
from mesh.core.records.membership import Endorsement, Genesis, Member, Role
from mesh.core.records.registry import read, sign
from runtime.identity.keys import SigningKey

FOUNDERS = tuple(SigningKey(bytes([n] * 32)) for n in (1, 2, 3))
GENESIS = Genesis(
    name="test",
    created_at=1_700_000_000,
    founders=tuple(key.did for key in FOUNDERS),
    threshold=2,
    limits={},
    quorum=1,
    sealed=False,
    verify_ppm=150_000,
)
MEMBER = Member(
    member=FOUNDERS[0].did,
    name=NodeId("issuer"),
    cooperative="issuer",
    roles=(Role.ISSUER,),
    expires_at=None,
)


def test_founded_mesh_has_its_first_members() -> None:
    founded = found_mesh(GENESIS, (MEMBER,), FOUNDERS)
    members = founded.members
    assert members.mesh == founded.genesis.cid
    assert members.has_role(FOUNDERS[0].did, Role.ISSUER, at=GENESIS.created_at)
    assert read(founded.change.block, founded.genesis.cid) == founded.change


def test_first_members_count_with_a_threshold_of_founders_only() -> None:
    founded = found_mesh(GENESIS, (MEMBER,), FOUNDERS)
    change, assents = founded.change, founded.endorsements
    stranger = sign(
        Endorsement(change=change.cid, sequence=1),
        mesh=founded.genesis.cid,
        key=SigningKey(bytes(32)),
    )
    assert counts(change, assents[:2], genesis=GENESIS, before=None)
    assert not counts(change, assents[:1], genesis=GENESIS, before=None)
    assert not counts(change, (assents[0], assents[0]), genesis=GENESIS, before=None)
    assert not counts(change, (assents[0], stranger), genesis=GENESIS, before=None)


def test_founders_of_another_genesis_do_not_count() -> None:
    founded = found_mesh(GENESIS, (MEMBER,), FOUNDERS)
    other = replace(GENESIS, founders=(FOUNDERS[0].did,), threshold=1)
    change = found_mesh(other, (MEMBER,), FOUNDERS[:1]).change
    assert not counts(change, founded.endorsements, genesis=GENESIS, before=None)
