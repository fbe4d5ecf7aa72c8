"""Repair of a home: what signed records and histories lead to is written anew.

Rule: nothing is guessed; what is lost with its record stays a finding. Mends follow each other
until nothing derivable is left, since a row that is right again may lead to others.
"""

from typing import Final

from msgspec import Struct

from mesh.actors.actor import Now
from mesh.actors.stores import Turn
from mesh.core.membership.members import Members
from mesh.core.records.archive import Archive
from mesh.queries.audit.audit import audit
from mesh.queries.audit.file import StoredFile, check_file, mend_file
from mesh.queries.audit.findings import Finding, Kind

PASSES_MAX: Final = 8


class Repaired(Struct, frozen=True, kw_only=True):
    """repaired: what was wrong and is right now; remaining: what only a copy can repair."""

    repaired: tuple[Finding, ...]
    remaining: tuple[Finding, ...]


def repair_home(store: StoredFile, archive: Archive, members: Members, now: Now) -> Repaired:
    """Mend the file, then write anew what can be derived. What is derivable and could not be mended
    remains, too. Raises CommandError as a turn does."""
    of_file = tuple(check_file(store))
    if of_file:
        mend_file(store)
    with store.turn(now) as turn:
        done = repair(turn, archive, members)
    left = tuple(check_file(store))
    texts = {each.text for each in left}
    return Repaired(
        repaired=(*(each for each in of_file if each.text not in texts), *done.repaired),
        remaining=(*left, *done.remaining),
    )


def repair(turn: Turn, archive: Archive, members: Members) -> Repaired:
    """Write anew what can be derived, within a turn."""
    repaired: dict[str, Finding] = {}
    found = audit(turn, archive, members, turn.now.wall)
    for _ in range(PASSES_MAX):
        derivable = [each for each in found if each.mend is not None]
        blocks = [each for each in derivable if each.kind is Kind.BLOCK_MISSING]
        # A row whose record is copied from another member was right all along.
        derivable = blocks or derivable
        if not derivable:
            break
        for each in derivable:
            assert each.mend is not None and each.actor is not None, "it is derivable"
            with turn.delivery(each.actor) as tx:
                each.mend(tx)
            repaired[each.text] = each
        found = audit(turn, archive, members, turn.now.wall)
    left = {each.text for each in found}
    return Repaired(
        repaired=tuple(each for text, each in repaired.items() if text not in left),
        remaining=found,
    )
