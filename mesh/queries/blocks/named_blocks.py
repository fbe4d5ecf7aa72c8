"""Blocks that a submitter's rows and records name, each with what it is.

Rule: one walk says what a store must hold, what a block is needed for, and what pruning keeps.
"""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from mesh.actors.base import MEMBERSHIPS
from mesh.actors.submitter.rows import (
    CREDENTIALS,
    HISTORY,
    POLICIES,
    PROFILES,
    RUNS,
    STATEMENTS,
    TOKENS,
    JobRow,
)
from mesh.core.jobs import events as ev
from mesh.core.jobs.events import Event
from mesh.core.jobs.runs import LocalRun
from mesh.core.records.jobs import Award, Cancel, JobManifest
from mesh.core.records.market import Bid, Credential, Decline, NodeProfile
from mesh.core.records.membership import Endorsement, Genesis, Membership
from mesh.core.records.settlement import Answer, Policy, Settlement, Statement
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Progress, Receipt
from mesh.queries.reader import Reader
from runtime.content.cid import Cid
from runtime.content.codec import CodecError, decode
from runtime.content.typed import from_value
from runtime.terminal.errors import CommandError
from runtime.tokens.token import ResourceToken

_KINDS: Final[dict[str, type[Any]]] = {
    "manifest": JobManifest,
    "bid": Bid,
    "decline": Decline,
    "award": Award,
    "answer": Answer,
    "hold": Hold,
    "progress": Progress,
    "receipt": Receipt,
    "anchor": Anchor,
    "draw": Draw,
    "attestation": Attestation,
    "settlement": Settlement,
    "cancel": Cancel,
}
"""Fields of events that name a record, and its type."""


class Named(Struct, frozen=True, kw_only=True):
    """A block by what it is. kind: of its record, None where it is no record."""

    noun: str
    kind: type[Any] | None
    cid: Cid


def of_mesh(reader: Reader) -> Iterator[Named]:
    """The records that the mesh itself consists of, and what its owner holds."""
    yield Named(noun="genesis", kind=Genesis, cid=reader.members.mesh)
    for change in reader.rows(MEMBERSHIPS).select():
        yield Named(noun="list of members", kind=Membership, cid=change.change)
        for cid in change.endorsements:
            yield Named(noun="endorsement", kind=Endorsement, cid=cid)
    for profile in reader.rows(PROFILES).select():
        noun = f"profile {profile.node_id}"
        yield Named(noun=noun, kind=NodeProfile, cid=profile.profile)
    for token in reader.rows(TOKENS).select():
        for cid in (token.token, *token.chain):
            yield Named(noun="token", kind=ResourceToken, cid=cid)
    for credential in reader.rows(CREDENTIALS).select():
        yield Named(noun="credential", kind=Credential, cid=credential.credential)
    for policy in reader.rows(POLICIES).select():
        noun = f"policy for {policy.resource_type.value}"
        yield Named(noun=noun, kind=Policy, cid=policy.policy)
    for statement in reader.rows(STATEMENTS).select():
        yield Named(noun="statement", kind=Statement, cid=statement.statement)


def of_event(event: Event) -> Iterator[Named]:
    """The signed records that an event of a job names."""
    match event:
        case ev.AwardSigned() | ev.HoldReceived():
            own = "award" if isinstance(event, ev.AwardSigned) else "hold"
            yield Named(noun=own, kind=_KINDS[own], cid=getattr(event, own))
        case _:
            for name, kind in _KINDS.items():
                cid = getattr(event, name, None)
                if isinstance(cid, Cid):
                    yield Named(noun=name, kind=kind, cid=cid)


def of_history(reader: Reader, row: JobRow) -> Iterator[Named]:
    """The signed records that the history of a job names."""
    for each in reader.rows(HISTORY).select(job_id=row.job_id):
        yield from of_event(each.stored.event)


def of_record(body: Any) -> Iterator[Named]:
    """The blocks that a record of a job names besides other records."""
    match body:
        case JobManifest():
            yield Named(noun="module", kind=None, cid=body.module)
            if body.input is not None:
                yield Named(noun="input", kind=None, cid=body.input)
        case Award():
            yield Named(noun="context", kind=None, cid=body.context)
        case Hold():
            yield Named(noun="eligible list", kind=None, cid=body.eligible)
        case Receipt() | Attestation():
            yield Named(noun="result", kind=None, cid=body.deterministic)
        case _:
            return


def of_runs(reader: Reader) -> Iterator[tuple[str, Named]]:
    """What the unfinished runs of programs name, with the name of each run."""
    for row in reader.rows(RUNS).select():
        run = from_value(LocalRun, row.run)
        name = f"the unfinished run {row.key.digest.hex()[:12]}"
        yield name, Named(noun="call", kind=None, cid=row.key)
        yield name, Named(noun="source", kind=None, cid=run.origin.source)
        for packed in run.origin.packed:
            yield name, Named(noun="module", kind=None, cid=packed.cid)
        for cid in _of_call(reader, row.key):
            yield name, Named(noun="part", kind=None, cid=cid)


def _of_call(reader: Reader, key: Cid) -> Iterator[Cid]:
    try:
        data = reader.blocks.get(key)
        call = () if data is None else decode(data, bytes_max=len(data))
    except (CodecError, CommandError):
        return  # `doctor` says so
    yield from (each for each in call if isinstance(each, Cid))
