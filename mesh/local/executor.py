"""The executor of a member of the mesh: a port, and the sandbox of this machine behind it.

Rule: every member has an execution of its own; the port knows for whom it executes, so that
members may execute in different places.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias

from runtime.content.did import Did

if TYPE_CHECKING:
    from runtime.sandbox.pool import Result, Sandbox
    from runtime.sandbox.request import Request, Ticket


class Executor(Protocol):
    """Executes requests of members, several at a time."""

    def submit(self, member: Did, request: Request) -> Ticket:
        """Begin an execution for a member."""
        ...

    def wait(
        self, tickets: Collection[Ticket], *, timeout_seconds: float | None
    ) -> Mapping[Ticket, Result]:
        """What has finished of these, waiting for the first; nothing when the time is over."""
        ...

    def cancel(self, ticket: Ticket) -> None:
        """Give an execution up."""
        ...


MakeExecutor: TypeAlias = Callable[["Sandbox"], Executor]


class InSandbox:
    """All members execute in this machine's sandbox, each for itself."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def submit(self, member: Did, request: Request) -> Ticket:
        return self._sandbox.submit(request)

    def wait(
        self, tickets: Collection[Ticket], *, timeout_seconds: float | None
    ) -> Mapping[Ticket, Result]:
        return self._sandbox.wait(tickets, timeout_seconds=timeout_seconds)

    def cancel(self, ticket: Ticket) -> None:
        self._sandbox.cancel(ticket)
