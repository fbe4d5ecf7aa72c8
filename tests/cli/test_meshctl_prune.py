"""`meshctl prune`: what goes, and that everything else answers as before."""

import json
from pathlib import Path
from typing import Any

from changed_mesh import audit
from embedded_mesh import opened
from meshcommand import Meshctl, submitted, verified

ALL = ("--before", "2999-01-01")
"""Every job that has ended."""


def pruned(meshctl: Meshctl, *words: str) -> Any:
    answer = meshctl("prune", *words, "-o", "json")
    assert answer.code == 0, answer
    return json.loads(answer.out)


def said(meshctl: Meshctl, *words: str) -> Any:
    return json.loads(meshctl(*words, "-o", "json").out)


def test_pruned_jobs_are_proved_reported_and_repeated_as_before(
    meshctl: Meshctl, home: Path
) -> None:
    job, failed = verified(meshctl), verified(meshctl, wasm="trap.wasm")
    still_open = submitted(meshctl)
    reports: tuple[tuple[str, ...], ...] = (
        ("results", job),
        ("logs", job),
        ("job-tree", job),
        ("usage",),
        ("reputation", "mesh-node-2", "--evidence"),
        ("tokens", "balance"),
    )
    before = [said(meshctl, *words) for words in reports]
    events = said(meshctl, "history", job)["events"]
    tried = pruned(meshctl, *ALL, "--dry-run")
    assert (tried["is_dry_run"], sorted(tried["jobs"])) == (True, sorted((job, failed)))
    assert tried["rows"] and tried["blocks"] and tried["bytes"]
    assert said(meshctl, "history", job)["events"] == events
    done = pruned(meshctl, *ALL)
    assert not done["is_dry_run"]
    assert {key: done[key] for key in ("jobs", "rows", "blocks", "bytes")} == {
        key: tried[key] for key in ("jobs", "rows", "blocks", "bytes")
    }
    assert [said(meshctl, *words) for words in reports] == before
    assert meshctl("verify", job).code == 0
    assert meshctl("verify", failed).code == 0
    left = said(meshctl, "history", job)["events"]
    assert [each["number"] for each in left] == list(range(1, len(left) + 1))
    assert 0 < len(left) < len(events)
    with opened(home) as mesh:
        assert audit(mesh) == ()
    assert len(said(meshctl, "get-bids", "--job-id", still_open)["bids"]) == 3
    accepted = meshctl("accept-bid", "--job-id", still_open, "--node-id", "mesh-node-3")
    assert accepted.code == 0, accepted


def test_young_and_open_jobs_stay(meshctl: Meshctl) -> None:
    verified(meshctl)
    submitted(meshctl)
    assert pruned(meshctl)["jobs"] == pruned(meshctl, "--before", "1d")["jobs"] == []


def test_second_pruning_finds_nothing(meshctl: Meshctl) -> None:
    verified(meshctl)
    pruned(meshctl, *ALL)
    again = pruned(meshctl, *ALL)
    assert (again["rows"], again["blocks"], again["bytes"]) == (0, 0, 0)


def test_what_was_removed_is_said_in_one_line(meshctl: Meshctl) -> None:
    verified(meshctl)
    tried = meshctl("prune", *ALL, "--dry-run")
    assert (tried.code, tried.err, tried.out.count("\n")) == (0, "", 1)
    assert "UTC: 1 job; would be removed: " in tried.out
    size = pruned(meshctl, *ALL, "--dry-run")["bytes"]
    assert f" of {size} bytes\n" in tried.out
    assert "would be" not in meshctl("prune", *ALL).out


def test_wrong_time_is_refused(meshctl: Meshctl) -> None:
    verified(meshctl)
    refused = meshctl("prune", "--before", "soon")
    assert (refused.code, "'soon' is no time" in refused.err) == (2, True), refused


def test_home_without_a_mesh_is_not_pruned(meshctl: Meshctl, tmp_path: Path) -> None:
    missing = meshctl("prune", "--mesh-home", str(tmp_path / "nowhere"))
    assert (missing.code, "no-mesh" in missing.err) == (3, True)
