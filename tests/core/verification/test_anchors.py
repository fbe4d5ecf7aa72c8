"""Chains of anchors: each link follows the one before, and takes in the ends of others."""

from attempt_world import World, key
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from mesh.core.findings import Fault
from mesh.core.verification.anchors import OTHER_HEADS_MAX, Head, check_anchor, next_anchor
from runtime.content.cid import Cid, Codec, cid_of

WORLD = World()
OWN = WORLD.node


def _receipt(number: int) -> Cid:
    return cid_of(b"receipt %d" % number, Codec.DAG_CBOR)


@examples(40)
@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 9), st.integers(1, 99)), max_size=20))
def test_chain_follows_whatever_others_have(length: int, others: list[tuple[int, int]]) -> None:
    seen = [
        (key(f"other-{who}").did, Head(sequence=sequence, anchor=_receipt(sequence)))
        for who, sequence in others
    ]
    seen.append((OWN.did, Head(sequence=99, anchor=_receipt(99))))
    head: Head | None = None
    for number in range(1, length + 1):
        anchor = WORLD.sign(next_anchor(_receipt(number), head, seen, OWN.did), OWN)
        assert anchor.body.sequence == number
        assert check_anchor(anchor, receipt=_receipt(number), executor=OWN.did) == ()
        own = () if head is None else (head.anchor,)
        assert anchor.body.parents[: len(own)] == own
        assert len(anchor.body.parents) - len(own) == min(len(others), OTHER_HEADS_MAX)
        head = Head(sequence=number, anchor=anchor.cid)


def test_longest_chains_are_taken_in_first() -> None:
    seen = [(key(f"o{n}").did, Head(sequence=n, anchor=_receipt(n))) for n in range(1, 12)]
    parents = next_anchor(_receipt(0), None, seen, OWN.did).parents
    assert parents == tuple(_receipt(n) for n in range(11, 3, -1))


def test_anchor_of_another_receipt_or_member_is_found() -> None:
    anchor = WORLD.sign(next_anchor(_receipt(1), None, (), OWN.did), OWN)
    other = check_anchor(anchor, receipt=_receipt(2), executor=WORLD.nodes[1].did)
    assert [each.fault for each in other] == [Fault.OTHER_RECEIPT, Fault.NOT_THE_EXECUTORS]
