"""Events of a process, each said in a line on stdout: another process of a test waits for them.

Run as a program, `saying.py WORD…` is `meshctl`, which says what it executes.
"""

import signal
from collections.abc import Collection, Mapping

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.issuer.attempts.reports import take_progress
from mesh.actors.issuer.issuer import Issuer
from mesh.actors.issuer.rows import ATTEMPTS
from mesh.cli.main import main as meshctl
from mesh.core.records.work import Progress
from runtime.sandbox.pool import Result, Sandbox
from runtime.sandbox.request import Ticket

DRIVING = "driving"
BEGUN = "begun"
STILL_RUNNING = "still running"


def say_executions() -> None:
    """Say `begun` when a worker has been given a request, once for each."""
    wait = Sandbox.wait
    said: set[tuple[Sandbox, Ticket]] = set()

    def waited(
        sandbox: Sandbox, tickets: Collection[Ticket], *, timeout_seconds: float | None = None
    ) -> Mapping[Ticket, Result]:
        ended = wait(sandbox, tickets, timeout_seconds=timeout_seconds)
        for ticket in tickets:
            if sandbox.is_begun(ticket) and (sandbox, ticket) not in said:
                said.add((sandbox, ticket))
                print(BEGUN, flush=True)
        return ended

    Sandbox.wait = waited  # type: ignore[method-assign]


def say_signs_of_life() -> None:
    """Say `still running` when the issuer has a later sign that an executor runs: from then on its
    time is paid. The turn in which it is said may not be over; who has one after it sees it."""

    def taken(
        issuer: Issuer, tx: ActorTransaction, incoming: Incoming, now: Now
    ) -> MessageRefusal | None:
        refused = take_progress(issuer, tx, incoming, now)
        attempt = tx.rows(ATTEMPTS).get(incoming.record.body.hold)
        if attempt is not None and attempt.running_first != attempt.running_last:
            print(STILL_RUNNING, flush=True)
        return refused

    Issuer.handlers = {**Issuer.handlers, Progress: taken}


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    say_executions()
    say_signs_of_life()
    meshctl()
