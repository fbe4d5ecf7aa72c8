"""Invariants of a simulation, checked after every step; each is one function and one name.

Rule: they read what actors have signed and committed, and use none of the code by which actors
decide, so that neither hides an error of the other.
"""

from collections import Counter
from collections.abc import Collection
from enum import Enum
from typing import Any, Final

from mesh.actors.stores import Turn
from mesh.core.ids import hold_id
from mesh.core.membership.equivocation import contradict, fault_of, is_proved
from mesh.core.ports.blocks import BlockReader
from mesh.core.ports.work import Execute
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import NodeProfile
from mesh.core.records.registry import read
from mesh.core.records.settlement import Ground, Settlement
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Progress, Receipt, Seal
from mesh.core.settlement.books import ACCOUNTS, ENTRIES, AccountRow, EntryRow
from mesh.core.verification.draw import commitment_of
from mesh.core.verification.results import result_block
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.transfers import AccountKind, TransferState
from simulation.checking.signed import SignedRecords
from simulation.driving.programs import execute

PROVABLE: Final = (Anchor, Hold, Settlement, JobManifest, Seal, Attestation, Draw, Receipt)
"""Records of which a second one for the same slot must be provable."""

REPLACED: Final = (NodeProfile, Progress)


class Invariant(Enum):
    MONEY_CONSERVED = "no unit is made or lost"
    PAID_ONCE = "one hold and one settlement for each attempt, paid within what was held"
    NO_WORK_WITHOUT_HOLD = "nobody executes without a hold or a draw of its own"
    QUORUM = "nothing is verified without an agreeing quorum of drawn members"
    NO_CONTRADICTION = "no honest signer signs two records for one slot"
    REFUSES = "a restored signer that knows it signs nothing more for a slot"
    NOTHING_LOST = "what an honest signer has signed is in its store"
    JOBS_END = "every job ends soon after the network is whole"
    NOTHING_HELD = "no hold and no work outlives its job"
    TRUE_RESULT = "a verified result is the true one, unless a quorum is wrong"
    NO_FALSE_FAULT = "no honest member accuses another honest one"
    FAULT_PROVABLE = "every contradiction is provable from one file"
    NO_CRASH = "no actor raises"


class Violation(AssertionError):
    """An invariant that does not hold. place: where an actor raised, which distinguishes
    failures."""

    def __init__(self, invariant: Invariant, detail: str, *, place: str = "") -> None:
        super().__init__(f"{invariant.name}: {invariant.value}: {detail}")
        self.invariant = invariant
        self.detail = detail
        self.place = place

    @property
    def name(self) -> str:
        """The same for failures that are alike."""
        return f"{self.invariant.name} {self.place}".strip()


def require(holds: bool, invariant: Invariant, detail: str) -> None:
    if not holds:
        raise Violation(invariant, detail)


def check_books(turn: Turn, issuer: Did) -> None:
    """Money of one issuer: accounts, entries and what is held agree."""
    accounts = turn.rows(issuer, ACCOUNTS).select()
    entries = turn.rows(issuer, ENTRIES).select()
    balances: Counter[str] = Counter()
    pending: Counter[tuple[str, Did]] = Counter()
    for row in accounts:
        balances[row.unit] += row.credits_posted - row.debits_posted
        pending[row.unit, row.owner] += row.debits_pending
        if row.kind is AccountKind.HOLDINGS:
            available = row.credits_posted - row.debits_posted - row.debits_pending
            detail = f"{row.owner} has {available} {row.unit}"
            require(available >= 0, Invariant.MONEY_CONSERVED, detail)
    for unit, total in balances.items():
        require(total == 0, Invariant.MONEY_CONSERVED, f"all accounts of {unit} come to {total}")
    held: Counter[tuple[str, Did]] = Counter()
    for entry in entries:
        if entry.state is TransferState.PENDING:
            held[entry.unit, entry.debit_owner] += entry.amount
    require(+held == +pending, Invariant.MONEY_CONSERVED, f"held {held}, pending {pending}")
    _check_totals(accounts, entries)


def _check_totals(accounts: Collection[AccountRow], entries: Collection[EntryRow]) -> None:
    """Each account is what the posted entries come to."""
    credited: Counter[tuple[str, Did, AccountKind]] = Counter()
    debited: Counter[tuple[str, Did, AccountKind]] = Counter()
    for entry in entries:
        if entry.state is not TransferState.POSTED:
            continue
        paid = entry.amount
        if entry.credit_owner is None:
            paid = sum(each.amount for each in entry.payments)
            require(paid <= entry.amount, Invariant.PAID_ONCE, "more is paid than was held")
            for each in entry.payments:
                credited[entry.unit, each.owner, AccountKind.HOLDINGS] += each.amount
        else:
            assert entry.credit_kind is not None
            credited[entry.unit, entry.credit_owner, entry.credit_kind] += entry.amount
        debited[entry.unit, entry.debit_owner, entry.debit_kind] += paid
    for row in accounts:
        place = (row.unit, row.owner, row.kind)
        found = (row.credits_posted, row.debits_posted)
        expected = (credited[place], debited[place])
        detail = f"{place}: {found}, its entries come to {expected}"
        require(found == expected, Invariant.MONEY_CONSERVED, detail)


def check_settlement(records: SignedRecords, settlement: Signed[Settlement]) -> None:
    """A settlement of an honest issuer pays what was held, and rests on a quorum if it must."""
    body = settlement.body
    hold = _found(records, Hold, body.hold)
    if hold is None:
        return
    is_only = hold.body.id == hold_id(hold.body.job, hold.body.attempt)
    require(is_only, Invariant.PAID_ONCE, "a hold that is not of its attempt")
    total = sum(each.amount for each in body.payments) + body.refunded
    detail = f"{total} of {hold.body.amount} is accounted for"
    require(total == hold.body.amount and body.refunded >= 0, Invariant.PAID_ONCE, detail)
    payees = [each.to for each in body.payments]
    require(len(set(payees)) == len(payees), Invariant.PAID_ONCE, "a member is paid twice")
    executor = sum(each.amount for each in body.payments if each.to == hold.body.executor)
    most = hold.body.amount - hold.body.pot
    require(executor <= most, Invariant.PAID_ONCE, "the executor gets of the verifiers' part")
    if body.ground not in (Ground.VERIFIED, Ground.CANCELLED):
        require(executor == 0, Invariant.PAID_ONCE, f"{body.ground.value}, and it is paid")
    if body.ground is Ground.VERIFIED:
        check_quorum(records, settlement, hold)


def check_quorum(
    records: SignedRecords, settlement: Signed[Settlement], hold: Signed[Hold]
) -> None:
    """A quorum of drawn members has found what the executor has."""
    body = settlement.body
    manifest = _found(records, JobManifest, hold.body.job)
    receipt = None if body.receipt is None else _found(records, Receipt, body.receipt)
    complete = manifest is not None and receipt is not None
    require(complete, Invariant.QUORUM, "without a receipt or manifest")
    assert manifest is not None and receipt is not None
    drawn: set[Did] = set()
    for cid in body.draws:
        draw = _found(records, Draw, cid)
        if draw is None or draw.signer != settlement.signer or draw.body.hold != hold.cid:
            raise Violation(Invariant.QUORUM, "a draw that is not the issuer's")
        is_bound = commitment_of(draw.body.secret) == hold.body.draw_commitment
        require(is_bound, Invariant.QUORUM, "a secret that was not committed")
        drawn |= set(draw.body.verifiers)
    agreeing = set()
    for cid in body.attestations:
        vote = _found(records, Attestation, cid)
        if vote is None or vote.body.hold != hold.cid or vote.signer not in drawn:
            continue
        same = (receipt.body.deterministic, receipt.body.engine)
        if (vote.body.deterministic, vote.body.engine) == same:
            agreeing.add(vote.signer)
    quorum = manifest.body.trust.quorum
    detail = f"{len(agreeing)} of {len(drawn)} drawn agree, {quorum} must"
    require(len(agreeing) >= quorum, Invariant.QUORUM, detail)


def check_order(records: SignedRecords, worker: Did, asked: Execute) -> None:
    """An execution is ordered by a Hold to its executor, or by a Draw of its verifier."""
    for hold in records.of(Hold):
        award = _found(records, Award, hold.body.award)
        if award is None or award.body.context != asked.context:
            continue
        if hold.body.id != hold_id(hold.body.job, hold.body.attempt):
            continue
        drawn = (
            worker in draw.body.verifiers
            for draw in records.of(Draw)
            if draw.body.hold == hold.cid and draw.signer == hold.signer
        )
        if hold.body.executor == worker or any(drawn):
            return
    raise Violation(Invariant.NO_WORK_WITHOUT_HOLD, f"{worker} executes {asked.module}")


def check_kept(records: SignedRecords, signer: Did, blocks: BlockReader) -> None:
    """All that a signer has sent is in its own store, but for what a later record replaces."""
    for record in records.by(signer):
        if isinstance(record.body, REPLACED):
            continue
        kind = type(record.body).__name__
        require(blocks.has(record.cid), Invariant.NOTHING_LOST, f"{kind} {record.cid} of {signer}")


def check_provable(first: Signed[Any], second: Signed[Any]) -> None:
    """Two records that contradict each other prove it to anyone who has nothing else."""
    if type(first.body) is not type(second.body) or not isinstance(first.body, PROVABLE):
        return
    evidence = tuple(read(each.block, each.mesh) for each in (first, second))
    is_found = contradict(*evidence)
    if is_found:
        fault = fault_of(*evidence)
        is_found = fault.accused == first.signer and is_proved(fault, evidence)
    kind = type(first.body).__name__
    require(is_found, Invariant.FAULT_PROVABLE, f"two {kind} of {first.signer}")


def check_result(
    records: SignedRecords, settlement: Signed[Settlement], blocks: BlockReader
) -> None:
    """A verified result is what executing gives. blocks: of the submitter."""
    body = settlement.body
    receipt = None if body.receipt is None else _found(records, Receipt, body.receipt)
    if body.ground is not Ground.VERIFIED or receipt is None:
        return
    truth = execute(blocks, receipt.body.module, receipt.body.context)
    is_true = receipt.body.deterministic == result_block(truth.deterministic)[0]
    require(is_true, Invariant.TRUE_RESULT, f"receipt {receipt.cid}")


def _found(records: SignedRecords, kind: type[Any], cid: Cid) -> Signed[Any] | None:
    record = records.find(cid)
    return record if record is not None and isinstance(record.body, kind) else None
