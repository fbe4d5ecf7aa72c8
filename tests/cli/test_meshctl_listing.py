"""`list-jobs` by state, time and order, and only the last of many."""

import json

import pytest
from meshcommand import Meshctl, submitted

from mesh.cli.arguments.values import moment


def listed(meshctl: Meshctl, *words: str) -> list[str]:
    answer = json.loads(meshctl("list-jobs", *words, "-o", "json").out)
    return [each["job_id"] for each in answer["jobs"]]


def test_last_jobs_of_an_order_are_listed(meshctl: Meshctl) -> None:
    first, second, third = (submitted(meshctl) for _ in range(3))
    assert listed(meshctl) == [first, second, third]
    assert listed(meshctl, "--limit", "2") == [second, third]
    assert meshctl("cancel-job", second).code == 0
    assert listed(meshctl, "--sort", "state") == [first, third, second]
    assert listed(meshctl, "--sort", "state", "--limit", "1") == [second]
    assert listed(meshctl, "--state", "cancelled", "--state", "verified") == [second]
    assert listed(meshctl, "--since", "1h") == [first, second, third]
    assert listed(meshctl, "--since", "2999-01-01") == []
    assert listed(meshctl, "--sort", "changed")[0] in (first, second)


def test_listed_job_is_shown_as_its_own_records_say(meshctl: Meshctl) -> None:
    job_id = submitted(meshctl)
    (open_job,) = json.loads(meshctl("list-jobs", "-o", "json").out)["jobs"]
    assert (open_job["state"], open_job["node_id"], open_job["price"]) == ("Submitted", None, None)
    assert meshctl("job-status", job_id, "--wait", "--auto-award").code == 0
    (row,) = json.loads(meshctl("list-jobs", "-o", "json").out)["jobs"]
    shown = json.loads(meshctl("job-status", job_id, "-o", "json").out)
    assert row["outcome"] == "succeeded"
    for name in ("state", "receipt", "reason", "description"):
        assert row[name] == shown[name], name
    assert row["node_id"] == shown["award"]["node_id"]
    assert row["price"] == shown["award"]["price"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--limit", "0"), "--limit is 0, expected 1 or more"),
        (("--sort", "sate"), "did you mean state?"),
        (("--since", "yesterday"), "'yesterday' is no time"),
    ],
)
def test_wrong_query_is_refused(meshctl: Meshctl, words: tuple[str, ...], said: str) -> None:
    submitted(meshctl)
    refused = meshctl("list-jobs", *words)
    assert (refused.code, said in refused.err) == (2, True), refused


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90m", 1_000_000 - 5400),
        ("7d", 1_000_000 - 604_800),
        ("1970-01-02", 86_400),
        ("1970-01-01T01:00", 3600),
        ("1970-01-01T01:00+01:00", 0),
    ],
)
def test_moment_is_an_age_or_a_time_in_utc(text: str, seconds: int) -> None:
    assert moment("--since", text, 1_000_000) == seconds
