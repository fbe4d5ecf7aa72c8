"""Transports in memory and simulated: order, loss, repeats, recovery, and the seed."""

from collections.abc import Iterable

import pytest

from mesh.core.fields import MICRO
from mesh.core.ports.messages import Envelope
from mesh.transport.faults import FaultModel, LinkEffect, LinkRule, Partition
from mesh.transport.memory import MemoryTransport
from mesh.transport.port import Parcel, Transport
from mesh.transport.simulated import SimulatedTransport
from runtime.content.did import Did

ANNA, BERT, CLEO = (Did(f"did:key:{name}") for name in ("anna", "bert", "cleo"))
ACTORS = (ANNA, BERT, CLEO)


def letter(number: int, sender: Did = ANNA, to: Did = BERT) -> Envelope:
    return Envelope(sender=sender, to=to, blocks=(b"record %d" % number, b"attached"))


def simulated(
    *rules: LinkRule, seed: int = 1, partitions: tuple[Partition, ...] = ()
) -> SimulatedTransport:
    faults = FaultModel(rules=rules, partitions=partitions)
    return SimulatedTransport(seed, ACTORS, faults)


def always(effect: LinkEffect, milliseconds: int = 0) -> LinkRule:
    return LinkRule(name=effect.value, effect=effect, share_ppm=MICRO, milliseconds=milliseconds)


def take_all(transport: Transport, to: Did) -> tuple[Parcel, ...]:
    taken = []
    while (delivery := transport.next_delivery(to)) is not None:
        transport.acknowledge(delivery)
        taken.append(delivery.parcel)
    return tuple(taken)


def arrivals(transport: SimulatedTransport, parcels: Iterable[Parcel]) -> list[tuple[int, Parcel]]:
    """Sends parcels at once and takes in all that arrives, with the moment of each."""
    for each in parcels:
        transport.send(each)
    found = []
    while (at := transport.next_arrival()) is not None:
        transport.now = at
        for actor in sorted(transport.take_receivers(), key=ACTORS.index):
            found += [(at, parcel) for parcel in take_all(transport, actor)]
    return found


def test_memory_keeps_the_order_of_each_receiver() -> None:
    transport = MemoryTransport()
    letters = [letter(number) for number in range(3)]
    for each in letters:
        transport.send(each)
    assert take_all(transport, BERT) == tuple(letters)
    assert take_all(transport, ANNA) == ()


def test_simulated_link_keeps_its_order_and_takes_time() -> None:
    letters = [letter(number) for number in range(20)]
    found = arrivals(simulated(), letters)
    assert [parcel for _, parcel in found] == letters
    assert all(at >= 1 for at, _ in found)


def test_reordered_parcels_overtake_each_other() -> None:
    letters = [letter(number) for number in range(20)]
    found = arrivals(simulated(always(LinkEffect.REORDER, 500)), letters)
    came = [parcel for _, parcel in found]
    assert came != letters and sorted(came, key=letters.index) == letters


def test_delayed_parcels_hold_up_those_behind_them() -> None:
    letters = [letter(number) for number in range(20)]
    found = arrivals(simulated(always(LinkEffect.DELAY, 500)), letters)
    assert [parcel for _, parcel in found] == letters
    assert found[-1][0] > 100


@pytest.mark.parametrize(
    ("effect", "count"), [(LinkEffect.DROP, 0), (LinkEffect.DUPLICATE, 2), (LinkEffect.DELAY, 1)]
)
def test_effect_decides_how_often_a_parcel_arrives(effect: LinkEffect, count: int) -> None:
    assert len(arrivals(simulated(always(effect, 10)), [letter(1)])) == count


def test_share_of_a_rule_is_that_of_the_parcels() -> None:
    rule = LinkRule(name="drop", effect=LinkEffect.DROP, share_ppm=250_000)
    found = arrivals(simulated(rule), [letter(number) for number in range(1000)])
    assert 700 <= len(found) <= 800


def test_dishonest_network_changes_what_it_carries() -> None:
    sent = letter(1)
    (_, corrupted), *_ = arrivals(simulated(always(LinkEffect.CORRUPT)), [sent])
    (_, truncated), *_ = arrivals(simulated(always(LinkEffect.TRUNCATE)), [sent])
    assert isinstance(corrupted, Envelope) and isinstance(truncated, Envelope)
    assert corrupted.blocks[0] != sent.blocks[0] and corrupted.blocks[1:] == sent.blocks[1:]
    assert truncated.blocks == sent.blocks[:1]
    to_others = arrivals(simulated(always(LinkEffect.MISDELIVER)), [letter(n) for n in range(30)])
    assert {parcel.to for _, parcel in to_others} == set(ACTORS)
    disguised = arrivals(simulated(always(LinkEffect.DISGUISE)), [letter(n) for n in range(30)])
    assert {parcel.sender for _, parcel in disguised} == set(ACTORS)


def test_partition_loses_parcels_or_holds_them_until_its_end() -> None:
    island = frozenset({ANNA})
    for is_held, expected in ((False, []), (True, [5000])):
        partition = Partition(island=island, since=0, until=5000, is_held=is_held)
        transport = simulated(partitions=(partition,))
        assert [at for at, _ in arrivals(transport, [letter(1)])] == expected
        others = arrivals(transport, [letter(2, BERT, CLEO)])
        assert len(others) == 1


def test_parcel_that_was_not_acknowledged_comes_again_after_a_crash() -> None:
    transport = simulated()
    for number in (1, 2, 3):
        transport.send(letter(number))
    transport.now = 1000
    assert transport.take_receivers() == {BERT}
    first = transport.next_delivery(BERT)
    second = transport.next_delivery(BERT)
    assert first is not None and second is not None
    transport.acknowledge(first)
    transport.recover(BERT, is_lost=False)
    assert sorted(parcel.blocks for parcel in take_all(transport, BERT)) == [  # type: ignore[union-attr]
        letter(2).blocks,
        letter(3).blocks,
    ]


def test_inbox_that_is_lost_with_its_machine_does_not_come_again() -> None:
    transport = simulated()
    for number in (1, 2):
        transport.send(letter(number))
    transport.now = 1000
    assert transport.next_delivery(BERT) is not None
    transport.recover(BERT, is_lost=True)
    assert take_all(transport, BERT) == ()


def test_same_seed_gives_the_same_arrivals_and_another_others() -> None:
    rules = (
        LinkRule(name="drop", effect=LinkEffect.DROP, share_ppm=200_000),
        LinkRule(name="duplicate", effect=LinkEffect.DUPLICATE, share_ppm=200_000, milliseconds=50),
        LinkRule(name="reorder", effect=LinkEffect.REORDER, share_ppm=300_000, milliseconds=400),
    )
    letters = [letter(number) for number in range(50)]
    first, again, other = (arrivals(simulated(*rules, seed=s), letters) for s in (7, 7, 8))
    assert first == again != other


def test_other_links_do_not_change_the_dice_of_a_link() -> None:
    rules = (LinkRule(name="drop", effect=LinkEffect.DROP, share_ppm=500_000),)
    letters = [letter(number) for number in range(50)]
    alone = arrivals(simulated(*rules), letters)
    mixed: list[Parcel] = [p for each in letters for p in (each, letter(0, CLEO, BERT))]
    among_others = [(at, p) for at, p in arrivals(simulated(*rules), mixed) if p.sender == ANNA]
    assert among_others == alone


def test_dice_of_a_rule_are_the_same_without_another_rule() -> None:
    drop = LinkRule(name="drop", effect=LinkEffect.DROP, share_ppm=500_000)
    delay = LinkRule(name="delay", effect=LinkEffect.DELAY, share_ppm=500_000, milliseconds=900)
    letters = [letter(number) for number in range(50)]
    both, alone = (arrivals(simulated(*rules), letters) for rules in ((delay, drop), (drop,)))
    assert [parcel for _, parcel in both] == [parcel for _, parcel in alone]
