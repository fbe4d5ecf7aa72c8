"""The federation: who verifies, and what follows from two executions of the same context.

A verifier commits to a secret in its profile before the award, and reveals it after; the
draw then follows from the award and the secrets, and nobody could choose it. A verifier
stores its own result before it reads the receipt's.
"""

from collections.abc import Iterable
from typing import Final

from blake3 import blake3
from msgspec import Struct

from mesh.core.findings import Fault, Finding, differing
from mesh.records import Attestation, Engine, Receipt, Verdict
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.execution.execution import Deterministic
from runtime.identity.signed import Signed

SECRET_BYTES: Final = 32


class Ticket(Struct, frozen=True, kw_only=True):
    """A federation node in a draw. commitment: from its profile of before the award; secret:
    what it revealed since, None if it did not."""

    verifier: Did
    commitment: bytes | None
    secret: bytes | None


def commitment_of(secret: bytes) -> bytes:
    """What a federation node publishes ahead of the awards it will be drawn for."""
    return blake3(secret, derive_key_context="icn-mesh/1 verifier commitment").digest()


def draw(award: Cid, tickets: Iterable[Ticket], wanted: int) -> tuple[Did, ...]:
    """The verifiers of an award, in a fixed order.

    With no more federation nodes than wanted all of them verify. Else those whose secret
    matches their commitment are ranked by hash(award, secret); only if these are too few do
    the others follow, by hash(award, DID).
    """
    everyone = sorted(tickets, key=lambda each: each.verifier)
    if len(everyone) <= wanted:
        return tuple(each.verifier for each in everyone)
    ranked = sorted(everyone, key=lambda each: _lot(award, each))
    return tuple(sorted(each.verifier for each in ranked[:wanted]))


def escalation(award: Cid, tickets: Iterable[Ticket], drawn: Iterable[Did]) -> tuple[Did, ...]:
    """Whom to ask when no quorum spoke: everyone not drawn before, or all again if none is left."""
    asked = frozenset(drawn)
    rest = [each for each in tickets if each.verifier not in asked]
    fresh = draw(award, rest, len(rest))
    return fresh or tuple(sorted(asked))


def judge(own: Deterministic, own_engine: Engine, receipt: Receipt) -> Verdict:
    """What a verifier's own result says about a receipt's.

    Fuel is compared only within one engine, version, configuration and architecture; on
    another engine nothing is certain, whatever the results are.
    """
    if own_engine != receipt.engine:
        return Verdict.INCONCLUSIVE
    return Verdict.CONFIRMED if own == receipt.deterministic else Verdict.REFUTED


def attest(receipt: Signed[Receipt], own: Deterministic, own_engine: Engine) -> Attestation:
    """The attestation for a receipt, from what the verifier had stored before it read it."""
    verdict = judge(own, own_engine, receipt.body)
    return Attestation(receipt=receipt.cid, deterministic=own, verdict=verdict, engine=own_engine)


def check_attestation(
    attestation: Signed[Attestation], *, receipt: Signed[Receipt], drawn: Iterable[Did]
) -> tuple[Finding, ...]:
    """What speaks against counting an attestation. Its verdict must follow from its content."""
    body = attestation.body
    subject = f"attestation of {attestation.signer}"
    findings = differing(subject, (Fault.OTHER_RECEIPT, body.receipt, receipt.cid))
    if attestation.signer not in drawn:
        findings += (Finding(fault=Fault.NOT_A_VERIFIERS, subject=subject),)
    wanted = judge(body.deterministic, body.engine, receipt.body)
    return findings + differing(subject, (Fault.VERDICT_WRONG, body.verdict, wanted))


def _lot(award: Cid, ticket: Ticket) -> tuple[bool, bytes]:
    secret = ticket.secret
    is_honest = (
        secret is not None
        and len(secret) == SECRET_BYTES
        and commitment_of(secret) == ticket.commitment
    )
    drawn_by = secret if secret is not None and is_honest else ticket.verifier.encode()
    lot = blake3(award.raw + drawn_by, derive_key_context="icn-mesh/1 verifier draw").digest()
    return (not is_honest, lot)
