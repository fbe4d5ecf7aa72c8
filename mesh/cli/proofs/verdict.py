"""The report of `meshctl verify`: lines for people, facts for programs.

Rule: a ✓ stands for what was checked just now. What depends on the word of issuers and federation
gets one only where the reader trusts their mesh.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

from msgspec import Struct

from mesh.cli.output.formats import CHECK, CROSS
from mesh.cli.proofs.shown import Shown
from mesh.core.findings import Fault, Finding
from mesh.core.proofs.execution import NOT_ASKED, Verification
from runtime.terminal.escaping import printable

IGNORED_SHOWN_MAX: Final = 8
OWN_WORD: Final = "(the file's own word)"
_TERMS: Final = frozenset(
    {"award", "bid", "hold", "context", "genesis", "manifest", "token", "members", "eligible"}
    | {"endorsement", "policy", "parents", "effects"}
)
_VOTES: Final = frozenset(
    {"attestation", "attestations", "draw", "opening", "seal", "seals", "result"}
)


class Keys(Enum):
    """Where the keys of the mesh lie."""

    LOCAL = "local keys"
    OTHERS = ""


class Verdict(Struct, frozen=True, kw_only=True):
    """What came of one `verify`; unreadable: why there is no proof to check."""

    proof: Shown | None = None
    verification: Verification | None = None
    keys: Keys = Keys.OTHERS
    unreadable: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.unreadable if self.verification is None else self.verification.findings

    @property
    def is_verified(self) -> bool:
        return self.verification is not None and self.verification.is_verified


def facts_of(verdict: Verdict) -> dict[str, Any]:
    """The object of `-o json`; the keys are the same in every answer."""
    proof, checked = verdict.proof, verdict.verification
    return {
        "verified": verdict.is_verified,
        "trusted": checked is not None and checked.trusted,
        "reexecuted": None if checked is None else checked.executed_again,
        "not_reexecuted": "" if checked is None else checked.not_executed,
        "receipt": None if proof is None or proof.receipt is None else str(proof.receipt),
        "mesh": None if proof is None else str(proof.mesh),
        "job_id": None if proof is None else proof.job_id,
        "outcome": None if proof is None else proof.outcome,
        "findings": [
            {"fault": each.fault.name, "subject": each.subject, "detail": each.detail}
            for each in verdict.findings
        ],
        "missing_blocks": [
            {
                "subject": each.subject,
                "cid": str(each.cid),
                "needed_to_execute": each.is_executed_with,
            }
            for each in (() if checked is None else checked.missing)
        ],
        "ignored": [
            {"cid": str(each.cid), "reason": each.reason}
            for each in (() if proof is None else proof.ignored)
        ],
    }


def remarks_of(verdict: Verdict) -> Iterator[str]:
    """What the file holds besides the proof."""
    ignored = () if verdict.proof is None else verdict.proof.ignored
    if not ignored:
        return
    is_one = len(ignored) == 1
    blocks = "1 block of the file is" if is_one else f"{len(ignored)} blocks of the file are"
    yield f"note: {blocks} no part of the proof and {'was' if is_one else 'were'} ignored"
    for each in ignored[:IGNORED_SHOWN_MAX]:
        yield f"  = note: {each.cid}: {each.reason}"
    if len(ignored) > IGNORED_SHOWN_MAX:
        yield f"  = note: and {len(ignored) - IGNORED_SHOWN_MAX} more (-o json has all)"


def lines_of(verdict: Verdict) -> Iterator[str]:
    """What people read."""
    proof, checked = verdict.proof, verdict.verification
    if proof is None or checked is None:
        yield printable(f"Proof readable {CROSS} ({verdict.unreadable[0]})")
        return
    if proof.accusation:
        yield from _accusation(proof, checked)
        return
    yield f"Receipt CID: {proof.receipt or 'none'}"
    yield f"Mesh: {proof.mesh}{_standing(checked)}"
    yield printable(f"Outcome: the program {proof.described}")
    # (that another mesh was named says nothing about how the records fit each other)
    of_records = (each for each in checked.findings if each.fault is not Fault.OTHER_MESH)
    wrong = {each.subject.split(" ")[0] for each in of_records}
    yield f"Award, bid, hold and context belong together {_mark(not wrong & _TERMS)}"
    is_signed = proof.receipt is not None and "receipt" not in wrong
    yield f"Receipt signed and consistent {_mark(is_signed)}"
    votes = f"{proof.confirming}/{proof.attestations}"
    if checked.trusted and verdict.keys is Keys.LOCAL:
        votes += f", {verdict.keys.value}"
    for is_right, text in (
        (proof.is_anchored and "anchor" not in wrong, "Receipt anchored to DAG"),
        (not wrong & _VOTES, f"Federation agrees ({votes})"),
        ("settlement" not in wrong, "Settled by the issuer"),
    ):
        yield f"{text} {_mark(is_right) if checked.trusted or not is_right else OWN_WORD}"
    yield from _again(checked)


def _accusation(proof: Shown, checked: Verification) -> Iterator[str]:
    yield printable(f"Fault: {proof.accusation}")
    yield f"Mesh: {proof.mesh}{_standing(checked)}"
    yield f"Proven by its evidence {_mark(not checked.findings)}"
    for each in checked.missing:
        yield f"  not in the file: {each}"


def _standing(checked: Verification) -> str:
    if checked.trusted:
        return ""
    is_other = any(each.fault is Fault.OTHER_MESH for each in checked.findings)
    return " (not the mesh that you named)" if is_other else " (unknown to you)"


def _mark(is_right: bool) -> str:
    return CHECK if is_right else CROSS


def _again(checked: Verification) -> Iterator[str]:
    if checked.executed_again is not None:
        yield f"Executed again here, same result {_mark(checked.executed_again)}"
    elif checked.not_executed == NOT_ASKED:
        yield "Not executed again"
    else:
        yield printable(f"Not executed again: {checked.not_executed}")
    for each in checked.missing:
        what = "not re-executable" if each.is_executed_with else "not in the proof"
        yield f"  {what}: {each}"
