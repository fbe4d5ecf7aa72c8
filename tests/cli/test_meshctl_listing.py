"""`list-jobs` by state, time and order, and only the last of many."""

import json

import pytest
from meshcommand import Meshctl, submitted

from mesh.cli.option_values import moment


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


def test_jobs_that_are_not_shown_are_not_read(
    meshctl: Meshctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mesh.queries import job_list

    read = []
    view = job_list.job_view
    for _ in range(3):
        submitted(meshctl)
    monkeypatch.setattr(
        job_list, "job_view", lambda reader, row: read.append(row) or view(reader, row)
    )
    assert len(listed(meshctl, "--limit", "1")) == len(read) == 1


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
