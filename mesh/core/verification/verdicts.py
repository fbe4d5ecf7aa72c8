"""Verdicts: what a set of attestations says of a receipt.

Rule: a quorum is of equal results on the receipt's engine. Refuters that contradict each other
refute nothing; a verifier that contradicts itself counts for nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from enum import Enum

from msgspec import Struct

from mesh.core.findings import Fault, Finding, differing
from mesh.core.records.work import Attestation, Receipt, Seal
from mesh.core.verification.seals import opens
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed


class Verdict(Enum):
    CONFIRMED = "confirmed"
    REFUTED = "refuted"


class Judgement(Struct, frozen=True, kw_only=True):
    """verdict: None where no quorum says anything. agreeing: the verifiers of the quorum;
    dissenting: those who found another result on the same engine; each sorted."""

    verdict: Verdict | None
    agreeing: tuple[Did, ...] = ()
    dissenting: tuple[Did, ...] = ()


def judge(
    receipt: Signed[Receipt],
    attestations: Iterable[Signed[Attestation]],
    *,
    drawn: Collection[Did],
    quorum: int,
) -> Judgement:
    """What attestations for the receipt's hold say of it: in whatever order, however often.

    Two different quora are possible where the draw was widened; the larger one counts, neither
    where they are equal.
    """
    found = _results(receipt, attestations, drawn)
    votes: dict[Cid, list[Did]] = defaultdict(list)
    for verifier, result in found.items():
        votes[result].append(verifier)
    quora = sorted(
        ((len(voters), result) for result, voters in votes.items() if len(voters) >= quorum),
        reverse=True,
    )
    if not quora or (len(quora) > 1 and quora[0][0] == quora[1][0]):
        return Judgement(verdict=None)
    winner = quora[0][1]
    confirmed = winner == receipt.body.deterministic
    return Judgement(
        verdict=Verdict.CONFIRMED if confirmed else Verdict.REFUTED,
        agreeing=tuple(sorted(votes[winner])),
        dissenting=tuple(sorted(found.keys() - set(votes[winner]))),
    )


def check_attestation(
    attestation: Signed[Attestation],
    *,
    hold: Cid,
    drawn: Collection[Did],
    seal: Signed[Seal] | None,
) -> tuple[Finding, ...]:
    """What speaks against counting an attestation. seal: its signer's, None in an unsealed mesh."""
    body = attestation.body
    subject = f"attestation of {attestation.signer}"
    findings = differing(subject, (Fault.OTHER_HOLD, body.hold, hold))
    if attestation.signer not in drawn:
        findings += (Finding(fault=Fault.NOT_A_VERIFIERS, subject=subject),)
    if seal is not None and not (
        seal.signer == attestation.signer
        and seal.body.hold == body.hold
        and opens(seal, body.deterministic, body.nonce)
    ):
        findings += (Finding(fault=Fault.RESULT_DIFFERS, subject=subject, detail="its seal"),)
    return findings


def _results(
    receipt: Signed[Receipt], attestations: Iterable[Signed[Attestation]], drawn: Collection[Did]
) -> dict[Did, Cid]:
    """The results that count, by verifier: drawn, of one mind, on the receipt's engine."""
    said: dict[Did, set[tuple[Cid, bool]]] = defaultdict(set)
    for each in attestations:
        body = each.body
        if each.signer in drawn and body.hold == receipt.body.hold:
            said[each.signer].add((body.deterministic, body.engine == receipt.body.engine))
    return {
        verifier: result
        for verifier, results in said.items()
        if len(results) == 1
        for result, is_comparable in results
        if is_comparable
    }
