"""The draw: what nobody chooses, and everyone computes alike."""

from collections import Counter

from attempt_world import ENGINE, SEED, START, World, key
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from mesh.core.verification.draw import (
    Interests,
    Lottery,
    check_eligible,
    commitment_of,
    drawn,
    eligible,
    eligible_block,
    is_committed,
    order,
    rank,
    read_eligible,
    secret_of,
)
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import CodecError, encode
from runtime.content.did import Did
from runtime.tokens.transfers import TransferId

VERIFIERS = 9
ANYONE = [key(f"verifier-{n}").did for n in range(VERIFIERS)]
BYTES32 = st.binary(min_size=32, max_size=32)
CIDS = st.binary(max_size=8).map(lambda data: cid_of(data, Codec.DAG_CBOR))
LOTTERIES = st.builds(Lottery, secret=BYTES32, award=CIDS, first=CIDS)
COOPERATIVES = st.lists(st.sampled_from("abc"), min_size=VERIFIERS, max_size=VERIFIERS).map(
    lambda names: {f"verifier-{n}": name for n, name in enumerate(names)}
)


def _world(cooperatives: dict[str, str]) -> World:
    return World(verifiers=VERIFIERS, cooperatives=cooperatives)


@examples(60)
@given(COOPERATIVES, LOTTERIES, st.sets(st.sampled_from(ANYONE)), st.integers(1, VERIFIERS))
def test_rounds_are_disjoint_parts_of_the_eligible_in_one_order(
    cooperatives: dict[str, str], lottery: Lottery, listed: set[Did], wanted: int
) -> None:
    members = _world(cooperatives).members
    first = drawn(listed, members, lottery, wanted=wanted, round_number=1)
    second = drawn(listed, members, lottery, wanted=wanted, round_number=2)
    assert len(set(first + second)) == len(first + second) == min(len(listed), 2 * wanted)
    assert set(first + second) <= listed
    assert first + second == order(listed, members, lottery)[: 2 * wanted]


@examples(60)
@given(COOPERATIVES, LOTTERIES, st.sets(st.sampled_from(ANYONE)), st.integers(1, VERIFIERS))
def test_one_of_each_cooperative_is_drawn_before_a_second(
    cooperatives: dict[str, str], lottery: Lottery, listed: set[Did], wanted: int
) -> None:
    members = _world(cooperatives).members
    found = drawn(listed, members, lottery, wanted=wanted, round_number=1)
    taken = Counter(members.cooperative(did) for did in found)
    offered = Counter(members.cooperative(did) for did in listed)
    for cooperative, count in taken.items():
        for other, had in offered.items():
            # Nobody is drawn a further time while another that could be drawn was drawn less.
            assert taken[other] >= count - 1 or taken[other] == had, (cooperative, other)


@examples(60)
@given(COOPERATIVES, LOTTERIES, st.permutations(ANYONE))
def test_order_does_not_depend_on_the_order_of_the_list(
    cooperatives: dict[str, str], lottery: Lottery, listed: list[Did]
) -> None:
    members = _world(cooperatives).members
    assert order(listed, members, lottery) == order(sorted(listed), members, lottery)


@examples(30)
@given(COOPERATIVES, LOTTERIES, st.sampled_from(ANYONE))
def test_who_is_not_eligible_displaces_nobody_in_the_order(
    cooperatives: dict[str, str], lottery: Lottery, without: Did
) -> None:
    """The rank of each is its own: nobody's place among its cooperative depends on another's."""
    members = _world({name: name for name in cooperatives}).members
    rest = [each for each in order(ANYONE, members, lottery) if each != without]
    assert list(order(set(ANYONE) - {without}, members, lottery)) == rest


@examples(60)
@given(BYTES32, CIDS, CIDS, BYTES32, CIDS, CIDS)
def test_each_input_decides_the_ranks(
    secret: bytes, award: object, first: object, other: bytes, award2: object, first2: object
) -> None:
    lottery = Lottery(secret=secret, award=award, first=first)  # type: ignore[arg-type]
    ranks = {rank(lottery, did) for did in ANYONE}
    assert len(ranks) == VERIFIERS
    for name, value in (("secret", other), ("award", award2), ("first", first2)):
        changed = {f: getattr(lottery, f) for f in lottery.__struct_fields__} | {name: value}
        is_same = value == getattr(lottery, name)
        assert (rank(Lottery(**changed), ANYONE[0]) == rank(lottery, ANYONE[0])) == is_same


def test_award_and_first_are_not_interchangeable() -> None:
    one, two = (cid_of(name, Codec.DAG_CBOR) for name in (b"one", b"two"))
    ranks = {
        rank(Lottery(secret=SEED, award=award, first=first), ANYONE[0])
        for award, first in ((one, two), (two, one))
    }
    assert len(ranks) == 2


@examples(30)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), BYTES32)
def test_secret_follows_from_seed_and_hold_and_is_committed(
    seed: bytes, other: bytes, hold: bytes
) -> None:
    secret = secret_of(seed, TransferId(hold))
    assert secret == secret_of(seed, TransferId(hold))
    assert is_committed(secret, commitment_of(secret))
    assert not is_committed(secret[:-1], commitment_of(secret[:-1]))
    if seed != other:
        assert not is_committed(secret_of(other, TransferId(hold)), commitment_of(secret))
    if hold != other:
        assert secret_of(seed, TransferId(other)) != secret


def _interests(world: World, *, executor: bool = False, submitter: bool = False) -> Interests:
    return Interests(
        executor=world.node.did,
        submitter=world.submitter.did,
        executor_verifiers=executor,
        submitter_verifiers=submitter,
    )


CONFLICTS = {"node-0": "co", "verifier-0": "co", "submitter": "sub", "verifier-1": "sub"}


def test_parties_verify_only_where_the_other_agrees() -> None:
    world = World(verifiers=4, cooperatives=CONFLICTS)
    engines = {each.did: ENGINE.text for each in world.verifiers}
    by_name = [each.did for each in world.verifiers]
    for executor in (False, True):
        for submitter in (False, True):
            interests = _interests(world, executor=executor, submitter=submitter)
            wanted = set(by_name[2:])
            wanted |= {by_name[0]} if executor else set()
            wanted |= {by_name[1]} if submitter else set()
            found = eligible(world.members, engines, interests, engine=ENGINE.text, at=START)
            assert found == tuple(sorted(wanted))
            assert check_eligible(found, world.members, interests, at=START) == ()
            rejected = check_eligible(by_name, world.members, interests, at=START)
            assert {each.detail for each in rejected} == set(by_name) - wanted


def test_only_those_present_with_the_engine_are_eligible() -> None:
    world = World(verifiers=3)
    engines = {
        world.verifiers[0].did: ENGINE.text,
        world.verifiers[1].did: "another engine",
        world.node.did: ENGINE.text,
        key("stranger").did: ENGINE.text,
    }
    found = eligible(world.members, engines, _interests(world), engine=ENGINE.text, at=START)
    assert found == (world.verifiers[0].did,)
    listed = (world.nodes[1].did, key("stranger").did)
    assert len(check_eligible(listed, world.members, _interests(world), at=START)) == 2


@examples(30)
@given(st.sets(st.sampled_from(ANYONE)))
def test_list_is_written_one_way_and_read_again(listed: set[Did]) -> None:
    cid, data = eligible_block(listed)
    assert eligible_block(tuple(sorted(listed, reverse=True))) == (cid, data)
    assert read_eligible(data) == tuple(sorted(listed))


def test_other_lists_are_refused() -> None:
    for value in ({}, ["b", "a"], ["a", "a"], [1], "a"):
        try:
            read_eligible(encode(value))
        except CodecError:
            continue
        raise AssertionError(f"{value!r} was read")
