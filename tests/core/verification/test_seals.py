"""Seals: one result of one signer for one hold, and nothing else opens them."""

from attempt_world import World, key, result
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from mesh.core.records.work import Seal
from mesh.core.verification.results import result_block
from mesh.core.verification.seals import digest_of, nonce_of, opens
from runtime.content.cid import Codec, cid_of

WORLD = World()
HOLD, OTHER_HOLD = (cid_of(name, Codec.DAG_CBOR) for name in (b"hold", b"other hold"))
RESULT, OTHER = result_block(result())[0], result_block(result(b"other"))[0]
BYTES32 = st.binary(min_size=32, max_size=32)


@examples(60)
@given(BYTES32, BYTES32)
def test_only_its_own_result_and_nonce_open_a_seal(nonce: bytes, other: bytes) -> None:
    own = WORLD.node
    seal = WORLD.sign(Seal(hold=HOLD, digest=digest_of(HOLD, own.did, RESULT, nonce)), own)
    assert opens(seal, RESULT, nonce)
    assert not opens(seal, OTHER, nonce)
    assert not opens(seal, RESULT, None)
    assert not opens(seal, RESULT, nonce[:31])
    assert opens(seal, RESULT, other) == (nonce == other)


@examples(30)
@given(BYTES32)
def test_seal_cannot_be_copied_by_another_or_for_another_hold(nonce: bytes) -> None:
    own, other = WORLD.nodes
    digest = digest_of(HOLD, own.did, RESULT, nonce)
    assert not opens(WORLD.sign(Seal(hold=HOLD, digest=digest), other), RESULT, nonce)
    assert not opens(WORLD.sign(Seal(hold=OTHER_HOLD, digest=digest), own), RESULT, nonce)


def test_nonce_is_the_same_again_and_of_one_key_and_hold() -> None:
    own = key("node-0")
    assert nonce_of(own, HOLD) == nonce_of(key("node-0"), HOLD)
    assert len({nonce_of(own, HOLD), nonce_of(own, OTHER_HOLD), nonce_of(key("b"), HOLD)}) == 3
