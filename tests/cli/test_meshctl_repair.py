"""`meshctl doctor --repair` and `--retry` by their commands, on a home that was edited by hand."""

from pathlib import Path

import pytest
from embedded_mesh import opened
from meshcommand import Meshctl, verified


def edit(home: Path, statement: str) -> None:
    with opened(home) as mesh:
        connection = mesh.store.database.connection
        assert connection.execute(statement).rowcount > 0


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE jobs SET phase = 'Failed'", "phase"),
        ("DELETE FROM ledger_accounts WHERE owner IS NOT NULL", "ledger_accounts"),
        ("UPDATE block_total SET bytes = bytes + 1", "blocks"),
    ],
)
def test_edit_by_hand_is_found_and_repaired(
    meshctl: Meshctl, home: Path, statement: str, named: str
) -> None:
    job = verified(meshctl)
    before = meshctl("usage").out
    edit(home, statement)
    found = meshctl("doctor", "--no-execute")
    assert found.code == 1 and named in found.out
    assert found.err.rstrip().endswith("help: meshctl doctor --repair")
    mended = meshctl("doctor", "--no-execute", "--repair")
    assert mended.code == 0 and "repaired" in mended.out
    assert meshctl("doctor", "--no-execute").out.count("wrong") == 0
    assert meshctl("job-status", job, "-q").out == "Verified\n"
    assert meshctl("usage").out == before
    assert meshctl("verify", job).code == 0


def test_message_that_was_not_set_aside_is_not_tried_again(meshctl: Meshctl) -> None:
    refused = meshctl("doctor", "--retry", "3")
    assert (refused.code, refused.out) == (3, "")
    assert "error[not-set-aside]: no message 3 was set aside" in refused.err
