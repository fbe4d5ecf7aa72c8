"""Holds that drew on a token, or on one that descends from it."""

from msgspec import Struct

from mesh.actors.issuer.rows import ATTEMPTS, JOBS
from mesh.core.fields import JobId
from mesh.core.settlement.books import ENTRIES, EntryRow
from mesh.queries.reader import Reader
from runtime.content.cid import Cid


class Draw(Struct, frozen=True, kw_only=True):
    """A hold that drew on a token, and the job that it was for, where it is known here."""

    hold: EntryRow
    job_id: JobId | None

    @property
    def paid(self) -> int:
        return sum(each.amount for each in self.hold.payments)


def token_history(reader: Reader, token: Cid) -> tuple[Draw, ...]:
    """In the order in which they were held."""
    holds = [
        row for row in reader.view.rows(reader.issuer, ENTRIES).select() if token in row.tokens
    ]
    holds.sort(key=lambda row: (row.created_at, row.id))
    return tuple(Draw(hold=row, job_id=_job_id(reader, row)) for row in holds)


def _job_id(reader: Reader, row: EntryRow) -> JobId | None:
    attempts = reader.view.rows(reader.issuer, ATTEMPTS).select(id=row.id, limit=1)
    if not attempts:
        return None
    job = reader.view.rows(reader.issuer, JOBS).get(attempts[0].job)
    return None if job is None else job.job_id
