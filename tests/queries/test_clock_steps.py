"""The audit of a home whose clock was set: what it finds sound is sound, and a repair makes nothing
else of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from home_rows import differing_tables, rows_of
from simulation.driving.programs import ProgramKind
from whole_home import START, WholeHome, edit, found_home, program

from mesh.actors.actor import Instant, Now
from mesh.core.settlement.books import ENTRIES
from runtime.content.cid import Codec, cid_of
from runtime.tokens.policy import AnyOf, Quota, RateLimit, Rule
from runtime.tokens.token import ResourceType


class Stepped(WholeHome):
    """A home whose clock of the wall is apart from the other. apart: in seconds."""

    apart = 0

    def now(self) -> Now:
        wall = START + self.at // 1000 + self.apart
        return Now(wall=wall, monotonic=Instant(self.at), boot="first")


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[Stepped]:
    home = Stepped(tmp_path / "mesh.db")
    found_home(home)
    yield home
    home.close()


RATE: Final = RateLimit(amount=1, per_seconds=10, burst=50_000)


def limit(home: WholeHome, rule: Rule) -> None:
    issuer = home.actors.issuer
    home.command(
        issuer,
        lambda tx, now: issuer.set_policy(
            tx, resource_type=ResourceType.COMPUTE, rule=rule, now=now
        ),
    )


def set_aside(home: WholeHome, scope: str) -> Any:
    issuer = home.actors.issuer
    return home.command(
        issuer,
        lambda tx, now: issuer.allocate(
            tx,
            owner=home.actors.submitter.did,
            resource_type=ResourceType.COMPUTE,
            amount=5_000,
            scope=scope,
            expires_at=START + 1_000_000,
            now=now,
        ),
    )


def check(home: WholeHome) -> None:
    assert [each.text for each in home.audit()] == []
    before = rows_of(home.path)
    home.repair()
    assert differing_tables(before, rows_of(home.path)) == {}


@pytest.mark.parametrize("step", [-3_600, -100, 100])
def test_policies_and_returns_of_a_home_whose_clock_was_set_are_sound(
    stepped: Stepped, step: int
) -> None:
    limit(stepped, Quota(limit=400_000))
    stepped.done(program(ProgramKind.SUM, 1))
    stepped.later(2)
    stepped.apart += step
    stepped.done(program(ProgramKind.SUM, 2))
    limit(stepped, Quota(limit=300_000))
    stepped.done(program(ProgramKind.SUM, 3))
    token = set_aside(stepped, "climate")
    stepped.done(program(ProgramKind.SUM, 4), scope="climate", token=token.cid)
    stepped.later(2)
    stepped.apart += step
    issuer = stepped.actors.issuer
    stepped.command(
        issuer, lambda tx, now: issuer.revoke(tx, token=token.cid, reason="enough", now=now)
    )
    stepped.done(program(ProgramKind.SUM, 5))
    check(stepped)


@pytest.mark.parametrize("step", [-100, 0, 100])
def test_hold_that_ends_after_its_token_was_taken_back_is_sound(
    stepped: Stepped, step: int
) -> None:
    """What it gives back was not there yet when the rest returned."""
    issuer, submitter = stepped.actors.issuer, stepped.actors.submitter
    token = set_aside(stepped, "climate")
    endless = program(ProgramKind.ENDLESS, 1)
    stepped.hanging.add(cid_of(endless, Codec.RAW))
    job = stepped.submit(endless, scope="climate", token=token.cid)
    stepped.later(3)
    stepped.command(
        issuer, lambda tx, now: issuer.revoke(tx, token=token.cid, reason="enough", now=now)
    )
    stepped.apart += step
    stepped.command(submitter, lambda tx, now: submitter.cancel(tx, job, "enough", now))
    check(stepped)


def jobs_between_steps(home: Stepped, step: int) -> None:
    """Some that are paid, and some whose units return."""
    for number in range(4):
        home.done(program(ProgramKind.SUM, number))
        home.done(program(ProgramKind.UNCOMPILABLE, number))
        home.apart += step


@pytest.mark.parametrize("rule", [RATE, AnyOf(rules=(Quota(limit=60), RATE))])
@pytest.mark.parametrize("step", [-3_600, -100, 0, 100])
def test_drawn_units_of_a_home_whose_clock_was_set_are_sound(
    stepped: Stepped, step: int, rule: Rule
) -> None:
    """Bucket by bucket what the issuer booked: in the order of its holds, not of their times."""
    limit(stepped, rule)
    jobs_between_steps(stepped, step)
    check(stepped)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM ledger_entries WHERE id = ?",
        "UPDATE ledger_entries SET policies = x'80' WHERE id = ?",
    ],
)
def test_lost_entry_of_a_home_whose_clock_was_set_back_is_written_again(
    stepped: Stepped, damage: str
) -> None:
    """The places of its hold and of its return are those that the others leave."""
    limit(stepped, RATE)
    stepped.apart += 1_000
    jobs_between_steps(stepped, -100)
    before = rows_of(stepped.path)
    with stepped.store.view() as view:
        rows = view.rows(stepped.actors.issuer.did, ENTRIES).select()
    for row in rows:
        if row.credit_owner is not None:
            continue
        assert edit(stepped.path, damage, row.id) == 1
        assert stepped.audit() != ()
        stepped.repair()
        assert differing_tables(before, rows_of(stepped.path)) == {}
