"""The same seeds give the same records embedded, over one store, and over separate ones.

Rule: with a network that takes no time, whatever differs in a record (a time, a number, an order of
arrival that counts) is a difference between the drivers. One alone is none: where two holds of one
module arrive in the same millisecond, the fetch for the first brings it for the second only where
it takes no turn. So signs of fetching are left out, and the others are numbered anew.
"""

from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace
from simulation.cast import Cast
from simulation.driving.programs import ProgramKind
from simulation.faults.plan import BEGIN_MS
from simulation.one_store import OneStore
from simulation.scenario import JobPlan, Scenario
from simulation.world import World

from mesh.actors.issuer.issuer import Issuer
from mesh.core.records.archive import Archive
from mesh.core.records.work import Hold, Progress, WorkPhase
from mesh.transport.faults import FaultModel
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import RecordError

AT_ONCE = FaultModel(latency_ms=(0, 0))
KINDS = tuple(ProgramKind)


class AtOnce(World):
    """Separate stores, and a network that takes no time."""

    def __init__(self, scenario: Scenario, cast: Cast) -> None:
        super().__init__(scenario, cast)
        self.transport.faults = AT_ONCE

    def _begin_faults(self) -> None:
        """Nothing goes wrong."""

    def _heal(self) -> None:
        """Nothing was wrong."""


def scenario(seed: int, *, is_sealed: bool) -> Scenario:
    """Jobs of all kinds, of two submitters, some withdrawn and some awarded by a delegate."""
    jobs = tuple(
        JobPlan(
            number=number,
            submitter=(seed + number) % 2,
            delegate=None if number % 3 else number % 2,
            at=BEGIN_MS + 1_700 * number,
            program=KINDS[(seed + number) % len(KINDS)],
            fuel=20_000_000,
            cancel_at=_cancelled(seed, number),
        )
        for number in range(8)
    )
    return Scenario(
        seed=seed, is_sealed=is_sealed, submitters=2, nodes=4, verifiers=4, issuers=1, jobs=jobs
    )


def _cancelled(seed: int, number: int) -> int | None:
    """An endless job is always withdrawn: its executor's clock and its issuer's end it in the same
    millisecond, and which of them comes first is nobody's to say."""
    is_endless = KINDS[(seed + number) % len(KINDS)] is ProgramKind.ENDLESS
    is_cancelled = is_endless or (seed + number) % 5 == 0
    return BEGIN_MS + 1_700 * number + 901 if is_cancelled else None


def signed(world: Any) -> dict[str, dict[Any, Any]]:
    """All records that each actor has signed and keeps, by its name."""
    return {
        station.name: _signed_by(world.archive, station, did)
        for did, station in world.stations.items()
    }


def _signed_by(archive: Archive, station: Any, did: Did) -> dict[Any, Any]:
    found: dict[Cid, Any] = {}
    with station.store.view() as view:
        blocks = view.blocks(did)
        for cid in view.cids(did):
            try:
                record = archive.read(blocks.get(cid) or b"")
            except RecordError:
                continue
            if record.signer == did:
                found[cid] = record.body
    return _renumbered(found)


def _renumbered(found: dict[Cid, Any]) -> dict[Any, Any]:
    signs = [(cid, body) for cid, body in found.items() if isinstance(body, Progress)]
    rest: dict[Any, Any] = dict(found)
    numbers: Counter[Any] = Counter()
    for cid, body in sorted(signs, key=lambda each: each[1].sequence):
        del rest[cid]
        if body.phase is not WorkPhase.FETCHING:
            numbers[body.hold] += 1
            rest[body.hold, numbers[body.hold], body.phase, body.fuel_estimate] = body
    return rest


def difference(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    return [
        f"{name}, {place}: {found[name][cid]}"
        for name in first
        for place, found, other in (("apart", first, second), ("together", second, first))
        for cid in found[name]
        if cid not in other[name]
    ]


def played(plan: Scenario, cast: Cast | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    apart, together = AtOnce(plan, Cast()), OneStore(plan, cast or Cast())
    apart.run()
    together.run()
    together.play(until=apart.at)
    return signed(apart), signed(together)


@pytest.mark.parametrize("is_sealed", [False, True], ids=["unsealed", "sealed"])
@pytest.mark.parametrize("seed", range(6))
def test_same_seed_gives_the_same_records_together_and_apart(seed: int, is_sealed: bool) -> None:
    apart, together = played(scenario(seed, is_sealed=is_sealed))
    assert sum(map(len, apart.values())) > 150
    assert difference(apart, together) == []


class LaterHolds(Issuer):
    """Dates its holds a second later."""

    def sign(self, tx: Any, body: Any) -> Any:
        if isinstance(body, Hold):
            body = replace(body, issued_at=body.issued_at + 1)
        return super().sign(tx, body)


def test_a_driver_that_changed_one_field_would_be_seen() -> None:
    apart, together = played(scenario(1, is_sealed=False), Cast(issuer=LaterHolds))
    assert difference(apart, together)
