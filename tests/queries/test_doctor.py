"""The checks of `doctor` on a sound home, and on one with everything wrong that it looks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulation.driving.programs import ENGINE
from whole_home import QUOTA_BYTES, WholeHome, edit

from mesh.queries.reader import Reader
from mesh.queries.upkeep.doctor import Check, Examined, FailedDelivery, State, examine


def checks_of(home: WholeHome, failed: tuple[FailedDelivery, ...] = ()) -> dict[str, list[Check]]:
    @contextmanager
    def read() -> Iterator[Reader]:
        with home.store.view() as view:
            yield home.reader(view)

    keys = home.path.parent / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    found: dict[str, list[Check]] = {}
    examined = Examined(
        place=home.path.parent,
        keys=keys,
        file=home.path.name,
        is_read_only=False,
        quota_bytes=QUOTA_BYTES,
        engine=ENGINE,
        retry="meshctl doctor --retry {}",
    )
    for each in examine(home.store, read, lambda _: failed, examined):
        found.setdefault(each.name, []).append(each)
    return found


def test_sound_home_has_nothing_wrong_and_names_what_is_unfinished(home: WholeHome) -> None:
    checks = checks_of(home)
    wrong = [each for some in checks.values() for each in some if each.state is State.WRONG]
    assert [each for each in wrong if each.name != "keys"] == []
    assert checks["audit"][0].text.endswith("jobs: histories, holds, accounts, chains agree")
    assert checks["blocks"][0].text.endswith("every hash is right")
    (running,) = checks["unfinished"]
    assert "is Running" in running.text and "units held" in running.text
    assert any("× NodeProfile" in each.text for each in checks["refused"])


def test_edit_that_can_be_derived_names_the_repair(home: WholeHome) -> None:
    edit(home.path, "UPDATE jobs SET phase = 'Failed' WHERE phase = 'Verified'")
    found = checks_of(home)["audit"]
    assert {each.remedy for each in found} == {"meshctl doctor --repair"}


def test_lost_history_can_only_be_restored(home: WholeHome) -> None:
    edit(home.path, "DELETE FROM history WHERE number = 2")
    assert any("restore the home" in each.remedy for each in checks_of(home)["audit"])


def test_changed_block_is_named(home: WholeHome) -> None:
    edit(
        home.path, "UPDATE blocks SET data = x'00' WHERE number = (SELECT max(number) FROM blocks)"
    )
    (block, *_) = checks_of(home)["blocks"]
    assert block.state is State.WRONG and "was changed" in block.text


def test_failed_delivery_names_its_exception_and_how_to_try_it_again(home: WholeHome) -> None:
    failed = FailedDelivery(number=3, member="issuer", event="receive", error="KeyError: x", at=1)
    (check,) = checks_of(home, (failed,))["set aside"]
    assert (check.state, check.text) == (State.WRONG, "receive 3 of issuer: KeyError: x")
    assert check.remedy == "to try it again: meshctl doctor --retry 3"


def test_unsound_file_is_reported_alone(home: WholeHome, tmp_path: Path) -> None:
    home.close()
    with home.path.open("r+b") as file:
        file.seek(4096 * 4)
        file.write(b"\xff" * 4096)
    again = WholeHome(home.path, at=home.at)
    checks = checks_of(again)
    again.close()
    assert checks["store"][0].state is State.WRONG
    assert "audit" not in checks
