"""Records of others that concern no job: profiles, statements, policies, tokens, faults.

Rule: of records with a sequence the newest counts; a second one for the same place is evidence
against its signer and never replaces the first.
"""

from typing import Any, Final, TypeVar

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.presence import seen_within
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.rows import (
    CREDENTIALS,
    FAULTS,
    POLICIES,
    PROFILES,
    STATEMENTS,
    CredentialRow,
    FaultRow,
    PolicyRow,
    ProfileRow,
    StatementRow,
)
from mesh.core.membership.equivocation import (
    FAULTS_TOLD_MAX,
    contradict,
    fault_of,
    is_proved,
)
from mesh.core.ports.messages import Outgoing
from mesh.core.proofs.settlements import is_wrong_settlement
from mesh.core.records.market import Credential, NodeProfile
from mesh.core.records.membership import Fault, Role
from mesh.core.records.settlement import Policy, Statement
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import RecordError, Signed

T = TypeVar("T")

SEEN_AGAIN_SECONDS: Final = 10
"""A node that repeats its profile is noted as present again after so long."""


def has_role(
    book: JobBook, tx: ActorTransaction, record: Signed[Any], *roles: Role, at: int
) -> bool:
    """Whether the signer of a record is a member in one of the roles."""
    members = book.members(tx)
    return any(members.has_role(record.signer, role, at) for role in roles)


# --- what comes by itself


def take_profile(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    profile: Signed[NodeProfile] = incoming.record
    if not has_role(book, tx, profile, Role.NODE, Role.VERIFIER, at=now.wall):
        return MessageRefusal.WRONG_ROLE
    if profile.body.node_id != book.members(tx).name(profile.signer):
        return MessageRefusal.INCONSISTENT
    rows = tx.rows(PROFILES)
    before = rows.get(profile.signer)
    if before is not None:
        if before.profile == profile.cid:
            if not seen_within(before, SEEN_AGAIN_SECONDS, now):
                rows.put(replace(before, seen_at=now.monotonic, boot=now.boot))
            return None
        if before.sequence >= profile.body.sequence:
            return _older(book, tx, profile, NodeProfile, before.profile, now)
    book.keep(tx, profile)
    if before is not None and not _is_evidence(tx, profile.signer, before.profile):
        tx.blocks.delete(before.profile)
    read_credentials(book, tx, incoming, now)
    rows.put(
        ProfileRow(
            node=profile.signer,
            node_id=profile.body.node_id,
            sequence=profile.body.sequence,
            profile=profile.cid,
            credentials=profile.body.credentials,
            seen_at=now.monotonic,
            boot=now.boot,
        )
    )
    return None


def take_statement(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    statement: Signed[Statement] = incoming.record
    if statement.body.owner != book.did:
        return MessageRefusal.NOT_ADDRESSED
    if not has_role(book, tx, statement, Role.ISSUER, at=now.wall):
        return MessageRefusal.WRONG_ROLE
    rows = tx.rows(STATEMENTS)
    before = rows.get(statement.signer)
    if before is not None and before.sequence >= statement.body.sequence:
        return _older(book, tx, statement, Statement, before.statement, now)
    book.keep(tx, statement)
    rows.put(
        StatementRow(
            issuer=statement.signer,
            sequence=statement.body.sequence,
            statement=statement.cid,
        )
    )
    read_policies(book, tx, incoming, now)
    return None


def take_policy(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    policy: Signed[Policy] = incoming.record
    if not has_role(book, tx, policy, Role.ISSUER, at=now.wall):
        return MessageRefusal.WRONG_ROLE
    body = policy.body
    rows = tx.rows(POLICIES)
    before = rows.get(policy.signer, body.resource_type, body.scope, body.edition)
    if before is not None:
        return _older(book, tx, policy, Policy, before.policy, now)
    book.keep(tx, policy)
    rows.put(
        PolicyRow(
            issuer=policy.signer,
            resource_type=body.resource_type,
            scope=body.scope,
            edition=body.edition,
            policy=policy.cid,
        )
    )
    return None


def take_credential(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """A role of this submitter, which only an issuer gives."""
    credential: Signed[Credential] = incoming.record
    if credential.body.subject != book.did:
        return MessageRefusal.NOT_ADDRESSED
    if not has_role(book, tx, credential, Role.ISSUER, at=now.wall):
        return MessageRefusal.WRONG_ROLE
    _note_credential(book, tx, credential)
    return None


def _older(
    book: JobBook, tx: ActorTransaction, record: Signed[T], kind: type[T], known: Cid, now: Now
) -> MessageRefusal | None:
    """A record that is not newer than the known one: an old one is harmless."""
    if record.cid == known:
        return None
    before = book.archive.get(tx.blocks, kind, known)
    if contradict(record, before):
        prove(book, tx, before, record, now)
        return MessageRefusal.EQUIVOCATION
    return None


# --- what comes with other records


def read_credentials(book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now) -> None:
    """Keep the credentials that a member shows of itself."""
    read_credentials_of(book, tx, incoming, incoming.record.signer, now)


def read_credentials_of(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, subject: Did, now: Now
) -> None:
    """Keep the attached credentials of one member, which issuers have given."""
    for credential in book.archive.records(Credential, incoming.attached.values()):
        is_given = has_role(book, tx, credential, Role.ISSUER, at=now.wall)
        if is_given and credential.body.subject == subject:
            _note_credential(book, tx, credential)


def _note_credential(book: JobBook, tx: ActorTransaction, credential: Signed[Credential]) -> None:
    book.keep(tx, credential)
    rows = tx.rows(CREDENTIALS)
    if rows.get(credential.cid) is None:
        rows.put(
            CredentialRow(
                credential=credential.cid,
                subject=credential.body.subject,
                name=credential.body.name,
                issuer=credential.signer,
                expires_at=credential.body.expires_at,
            )
        )


def read_policies(book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now) -> None:
    """Keep the policies that came with a statement."""
    for policy in book.archive.records(Policy, incoming.attached.values()):
        take_policy(book, tx, replace(incoming, record=policy), now)


def read_statement(book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now) -> None:
    """Keep the statement that came with an issuer's record, if one did."""
    for statement in book.archive.records(Statement, incoming.attached.values()):
        if statement.body.owner == book.did:
            take_statement(book, tx, replace(incoming, record=statement), now)


# --- contradictions


def prove(
    book: JobBook, tx: ActorTransaction, first: Signed[Any], second: Signed[Any], now: Now
) -> None:
    """Keep two records that contradict each other, and say so to all members, once."""
    body = fault_of(first, second)
    if _is_known(tx, body):
        return
    book.keep(tx, first, second)
    fault = book.sign(tx, body)
    note_fault(tx, fault, now)
    others = [each.member for each in book.members(tx).change.body.members]
    others = [each for each in dict.fromkeys(others) if each != book.did]
    tx.outbox.put(Outgoing(to=tuple(others), record=fault.cid, attached=body.evidence))


def take_fault(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """A fault counts by its evidence, whoever says it."""
    fault: Signed[Fault] = incoming.record
    if book.members(tx).member(fault.body.accused) is None:
        return MessageRefusal.NOT_A_MEMBER
    if _is_known(tx, fault.body):
        return None
    evidence: list[Signed[Any]] = []
    for cid in fault.body.evidence:
        block = incoming.attached.get(cid) or tx.blocks.get(cid)
        if block is None:
            return MessageRefusal.INCOMPLETE
        try:
            evidence.append(book.archive.read(block))
        except RecordError:
            return MessageRefusal.INCOMPLETE
    genesis = book.members(tx).genesis
    if not is_proved(fault.body, tuple(evidence)) and not is_wrong_settlement(
        fault.body,
        evidence,
        genesis,
        lambda cid: incoming.attached.get(cid) or tx.blocks.get(cid),
        book.archive.read_as,
    ):
        return MessageRefusal.INCONSISTENT
    book.keep(tx, fault, *evidence)
    note_fault(tx, fault, now)
    return None


def note_fault(tx: ActorTransaction, fault: Signed[Fault], now: Now) -> None:
    """Note that a fault is proved, once for each evidence."""
    if not _is_known(tx, fault.body):
        tx.rows(FAULTS).put(
            FaultRow(
                accused=fault.body.accused,
                evidence=_evidence_of(fault.body),
                fault=fault.cid,
                seen_at=now.wall,
            )
        )


def _is_known(tx: ActorTransaction, fault: Fault) -> bool:
    """Whether a fault says nothing new: it was proved before, or so many others of its member."""
    found = tx.rows(FAULTS).select(accused=fault.accused)
    evidence = _evidence_of(fault)
    return len(found) >= FAULTS_TOLD_MAX or any(each.evidence == evidence for each in found)


def _is_evidence(tx: ActorTransaction, signer: Did, record: Cid) -> bool:
    found = tx.rows(FAULTS).select(accused=signer)
    return any(str(record) in each.evidence for each in found)


def _evidence_of(fault: Fault) -> str:
    return " ".join(sorted(map(str, fault.evidence)))
