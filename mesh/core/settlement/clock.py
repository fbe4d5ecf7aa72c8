"""The issuer's clock: how long a signer has been silent, and how long an attempt has taken.

Rule: leases are counted by the monotonic clock of one boot, and only while the issuer is driven:
after a gap every lease begins anew. A clock that is set back or forward ends nothing.
"""

from msgspec import Struct

from mesh.core.settlement.attempt import Moment


class Clock(Struct, frozen=True, kw_only=True):
    """The present moment. leases_from: monotonic milliseconds of this boot, since when the issuer
    is driven without a gap."""

    now: Moment
    leases_from: int

    def lapses_at(self, heard: Moment, lease_ms: int) -> int:
        """When a lease ends that was last renewed at a moment: monotonic milliseconds of this
        boot."""
        same_boot = heard.boot == self.now.boot
        return lease_ms + (
            max(heard.monotonic, self.leases_from) if same_boot else self.leases_from
        )

    def ends_at(self, since: Moment, milliseconds: int) -> int:
        """When a span of time since a moment is over, driven or not: monotonic milliseconds of this
        boot."""
        return self.now.monotonic + milliseconds - elapsed_ms(since, self.now)


def elapsed_ms(earlier: Moment, later: Moment) -> int:
    """Milliseconds between two moments: by the monotonic clock, and by the wall clock where the
    machine was started in between."""
    if earlier.boot == later.boot:
        return max(0, later.monotonic - earlier.monotonic)
    return 1000 * max(0, later.wall - earlier.wall)
