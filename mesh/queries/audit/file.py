"""The audit of the file that holds all actors: its blocks' sum, their holders, unreadable rows.

Rule: a row that cannot be read stops whoever reads its table; it is removed where signed records
lead to it, and written anew with the rest.
"""

from collections.abc import Collection, Iterator
from typing import Final, Protocol

from mesh.actors.stores import Store
from mesh.actors.submitter.rows import HISTORY, RUNS
from mesh.queries.audit.findings import Finding, Kind
from runtime.content.cid import Cid

KEPT: Final = frozenset({HISTORY.name, RUNS.name})
"""Tables that nothing else leads to."""


class Sums(Protocol):
    """As a store's adapter counts its blocks."""

    @property
    def stated(self) -> int: ...
    @property
    def summed(self) -> int: ...
    @property
    def unheld(self) -> tuple[Cid, ...]: ...
    @property
    def dangling(self) -> int: ...


class Unreadable(Protocol):
    """A row that is none of its table."""

    @property
    def table(self) -> str: ...
    @property
    def place(self) -> tuple[object, ...]: ...
    @property
    def reason(self) -> str: ...


class StoredFile(Store, Protocol):
    """A store that can be inspected beneath its ports."""

    def check(self) -> tuple[str, ...]: ...
    def block_sums(self) -> Sums: ...
    def unreadable(self) -> tuple[Unreadable, ...]: ...
    def mend_file(self, kept: Collection[str]) -> None: ...


def check_file(store: StoredFile) -> Iterator[Finding]:
    """What is wrong beneath the rows of actors."""
    sums = store.block_sums()
    if sums.stated != sums.summed:
        yield _of_file(
            Kind.BLOCK_TOTAL,
            "blocks",
            f"blocks: the total is {sums.stated} bytes, they add up to {sums.summed}",
        )
    for cid in sums.unheld:
        yield _of_file(Kind.BLOCK_TOTAL, str(cid), f"blocks: {cid} is held by nobody")
    if sums.dangling:
        text = f"blocks: {sums.dangling} holders of blocks that are not here"
        yield _of_file(Kind.BLOCK_TOTAL, "held", text)
    for row in store.unreadable():
        text = f"{row.table}: a row cannot be read: {row.reason}"
        yield Finding(
            kind=Kind.ROW_UNREADABLE,
            actor=None,
            subject=row.table,
            text=text,
            is_of_file=row.table not in KEPT,
        )


def mend_file(store: StoredFile) -> None:
    """Mend what is wrong beneath the rows; rows that are derived follow with the others."""
    store.mend_file(KEPT)


def _of_file(kind: Kind, subject: str, text: str) -> Finding:
    return Finding(kind=kind, actor=None, subject=subject, text=text, is_of_file=True)
