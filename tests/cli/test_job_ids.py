"""Ids of jobs: every command accepts one plainly and as `--job-id`."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from meshcommand import Meshctl, submitted

from mesh.cli.app import COMMANDS, root
from runtime.terminal.command_line import command_line

NEEDED: Final = {"accept-bid": ("--node-id", "mesh-node-2")}
"""Required arguments of a command besides its job."""
UNKNOWN: Final = "ffff0000-0000-7000-8000-000000000000"


def commands(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command below a group, with the words that name it."""
    for name in group.commands:
        command = group.commands[name]
        if hasattr(command, "commands"):
            yield from commands(command, *path, name)
        else:
            yield (*path, name), command


def ways(command: Any) -> set[str]:
    """How the command takes a job."""
    found = set()
    for parameter in command.params:
        if "--job-id" in parameter.opts:
            found.add("option")
        elif parameter.param_type_name == "argument" and "JOB" in (parameter.metavar or ""):
            found.add("argument")
    return found


TAKING: Final = [
    (path, command) for path, command in commands(command_line(root(), COMMANDS)) if ways(command)
]
NAMES: Final = [" ".join(path) for path, _ in TAKING]


@pytest.fixture(params=[path for path, _ in TAKING], ids=NAMES)
def words(request: pytest.FixtureRequest) -> tuple[str, ...]:
    path: tuple[str, ...] = request.param
    return (*path, *NEEDED.get(" ".join(path), ()))


def test_commands_that_take_a_job_are_found() -> None:
    assert {"job-status", "get-bids", "accept-bid", "cancel-job"} <= set(NAMES)
    assert {"results", "logs", "receipt", "verify"} <= set(NAMES)


@pytest.mark.parametrize("command", [command for _, command in TAKING], ids=NAMES)
def test_job_is_taken_both_ways(command: Any) -> None:
    assert ways(command) == {"argument", "option"}


def test_both_ways_name_the_same_job(meshctl: Meshctl, words: tuple[str, ...]) -> None:
    plain = meshctl(*words, UNKNOWN)
    named = meshctl(*words, "--job-id", UNKNOWN)
    both = meshctl(*words, UNKNOWN, "--job-id", UNKNOWN)
    assert plain.code == 3
    assert f"error[unknown-job]: there is no job '{UNKNOWN}'" in plain.err
    assert (plain.code, plain.err) == (named.code, named.err) == (both.code, both.err)


def test_two_jobs_are_refused(meshctl: Meshctl, words: tuple[str, ...]) -> None:
    result = meshctl(*words, "abcd", "--job-id", "abce")
    assert result.code == 2
    assert "error[two-jobs]: two jobs are named: 'abcd' and --job-id 'abce'" in result.err
    assert "help" in result.err


def test_job_that_is_not_given_is_missed(meshctl: Meshctl, words: tuple[str, ...]) -> None:
    result = meshctl(*words)
    assert result.code == 2
    assert "error[job-missing]" in result.err
    assert "meshctl list-jobs" in result.err


def test_bids_are_shown_and_accepted_by_a_part_of_the_id(meshctl: Meshctl) -> None:
    job = submitted(meshctl)
    shown = meshctl("get-bids", job[-6:])
    assert shown.code == 0
    assert shown.out == meshctl("get-bids", "--job-id", job).out
    accepted = meshctl("accept-bid", job[-6:], "--node-id", "mesh-node-2")
    assert accepted.code == 0, accepted
    assert "Bid accepted successfully" in accepted.out
