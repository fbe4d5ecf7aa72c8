"""The audit of homes that nobody has changed, and of single changes by hand."""

from pathlib import Path

import pytest
from membership_forks import forks
from populated_home import built, opened_copy
from whole_home import WholeHome, edit, key_of


def test_home_with_jobs_of_every_kind_is_clean(home: WholeHome) -> None:
    assert home.audit() == ()
    repaired = home.repair()
    assert (repaired.repaired, repaired.remaining) == ((), ())


def test_sealed_home_is_clean(tmp_path: Path) -> None:
    whole = built(tmp_path, sealed=True)
    (tmp_path / "copy").mkdir()
    with opened_copy(whole, tmp_path / "copy") as home:
        assert home.audit() == ()


def test_home_with_a_fork_of_its_members_is_clean(home: WholeHome) -> None:
    for change, assent in forks(home.founding, key_of("issuer")):
        for actor in home.actors.by_did.values():
            home.receive(actor, change, assent)
    assert [each.text for each in home.audit()] == []
    assert edit(home.path, "UPDATE memberships SET is_forked = 0 WHERE is_forked = 1")
    assert any("list of members 2" in each.text for each in home.audit())
    home.repair()
    assert home.audit() == ()


def test_home_whose_actors_know_no_members_is_reported(tmp_path: Path) -> None:
    home = WholeHome(tmp_path / "mesh.db")
    found = [each.text for each in home.audit()]
    assert any("members: the genesis" in text for text in found)
    home.close()


@pytest.mark.parametrize("seconds", [1, 10, 600])
def test_home_stays_clean_as_time_goes_by(home: WholeHome, seconds: int) -> None:
    home.later(seconds)
    assert [each.text for each in home.audit()] == []
