"""Presence: a member counts as present for so long after its profile was last seen.

Rule: so long is a duration, counted by the monotonic clock; a wall clock that is set makes nobody
absent. Of what was seen before the machine started nobody knows how long ago it was: it counts from
the start.
"""

from typing import Protocol

from mesh.actors.actor import Now


class Seen(Protocol):
    """A row of a profile. seen_at: milliseconds of the monotonic clock of `boot`."""

    @property
    def seen_at(self) -> int: ...
    @property
    def boot(self) -> str: ...


def seen_within(row: Seen, seconds: int | None, now: Now) -> bool:
    """Whether a profile was seen within the last seconds; None: presence does not count."""
    if seconds is None:
        return True
    since = row.seen_at if row.boot == now.boot else 0
    return now.monotonic < since + 1000 * seconds
