"""Backtrace of a trap, as places in the sources: from the engine's frames and the module's own
record of its calls.

Rule: it is shown and never compared. A module may claim anything of its calls; entries that cannot
be read are left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from ccl.abi.limits import MODULE_LIMITS
from ccl.abi.sections import CALLS_KEY, SOURCE_SECTION, CallSite, calls_from_value
from runtime.content.codec import CodecError, decode
from runtime.content.heads import weighed_items
from runtime.execution.execution import Outcome
from runtime.module.cost import calls_before
from runtime.module.headers import Body
from runtime.module.reader import MalformedError, read_module

LIBRARY_PREFIX: Final = "std/"
"""Prefix of the files of the standard library."""
BACKTRACE_MAX: Final = 8
"""The most places of a backtrace that are shown."""


def calls_to(module: bytes, frames: Sequence[int]) -> tuple[CallSite, ...]:
    """Lists the calls of the source that led to a trap, the innermost first, as far as they are
    recorded."""
    if not frames:
        return ()
    try:
        reading = read_module(module, MODULE_LIMITS, custom=(SOURCE_SECTION,))
        section, most = reading.custom[SOURCE_SECTION], MODULE_LIMITS.section_items
        if weighed_items(section, items_max=most) > most:
            return ()
        value = decode(section, bytes_max=MODULE_LIMITS.section_bytes)
        known = {(each.body, each.ordinal): each for each in calls_from_value(value[CALLS_KEY])}
    except (MalformedError, CodecError, ValueError, KeyError, TypeError):
        return ()
    named = (known.get(each) for each in _instructions(module, reading.bodies, frames))
    return tuple(site for site in named if site is not None)


def place_of(call: CallSite) -> str:
    return f"{call.file}:{call.line}:{call.column}"


def backtrace_places(outcome: Outcome, calls: Iterable[CallSite]) -> tuple[str, ...]:
    """Lists all places from a trap outwards, as `file:line:column`; none where no place is
    recorded."""
    return (outcome.place, *map(place_of, calls)) if outcome.place else ()


def backtrace_lines(way: Sequence[str]) -> Iterator[str]:
    """Writes the backtrace as lines below the place that is shown, which is the first of the
    program's own."""
    if len(way) < 2:
        return
    if way[0].startswith(LIBRARY_PREFIX):
        yield f"in {way[0]}"
    counted = [(place, len(list(same))) for place, same in groupby(way[1:])]
    for place, times in counted[:BACKTRACE_MAX]:
        yield f"called from {place}" + (f", {times} times" if times > 1 else "")
    if len(counted) > BACKTRACE_MAX:
        yield f"… and {len(counted) - BACKTRACE_MAX} more"


def _instructions(
    module: bytes, bodies: Sequence[Body], frames: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Gives (body, number of its call) of each frame that is at a call."""
    for offset in frames:
        for number, body in enumerate(bodies):
            if body.start <= offset < body.end:
                ordinal = calls_before(module[body.start : body.end], offset - body.start)
                if ordinal is not None:
                    yield number, ordinal
