"""Candidates of a job: its bids, with what the submitter itself knows of the bidders."""

from mesh.actors.submitter.evidence import reputation_of
from mesh.actors.submitter.rows import REVOKED
from mesh.core.jobs.job import Job
from mesh.core.market.credentials import Shown, in_force, shown
from mesh.core.market.ranking import Candidate
from mesh.core.records.market import Bid, Credential
from mesh.queries.reader import Reader
from runtime.identity.signed import Signed
from runtime.terminal.errors import CommandError


def candidates_of(reader: Reader, job: Job) -> tuple[Candidate, ...]:
    """The bids of a job's last round. Raises CommandError `block-…`, `record-invalid`."""
    bids = (reader.record(Bid, offer.record) for offer in job.bids)
    return tuple(
        Candidate(
            bid=bid,
            reputation=reputation_of(reader, bid.signer).score,
            credentials=_credentials(reader, bid),
        )
        for bid in bids
    )


def _credentials(reader: Reader, bid: Signed[Bid]) -> Shown:
    """Those of the bid that are here and in force; one that cannot be read counts for nothing."""
    found: list[Signed[Credential]] = []
    for cid in bid.body.credentials:
        try:
            found.append(reader.record(Credential, cid))
        except CommandError:
            continue
    revoked = {cid for cid in bid.body.credentials if reader.rows(REVOKED).get(cid) is not None}
    return shown(in_force(found, subject=bid.signer, revoked=revoked, at=reader.now))
