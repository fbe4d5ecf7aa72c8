"""Proofs of version 2 with forged records, tokens, policies and payments: each is found."""

from typing import Any

import pytest
from msgspec.structs import replace
from sample_proofs import (
    JOBS,
    NOW,
    OTHER,
    SEALED,
    STRANGER,
    faults,
    signed_again,
    verified,
)

from mesh.core.findings import Fault
from mesh.core.proofs.proof import Proof
from mesh.core.records.settlement import Ground, Payment
from runtime.tokens.policy import PermitList, Quota
from runtime.tokens.token import ResourceType


def forged(part: str, by: Any = None, **changes: Any) -> Proof:
    return replace(SEALED, **{part: signed_again(getattr(SEALED, part), by, **changes)})


def in_context(**changes: Any) -> Proof:
    return replace(SEALED, context=replace(SEALED.context, **changes))


assert SEALED.settlement is not None
BODY = SEALED.settlement.body
HOLD = SEALED.hold.body
FIRST = SEALED.attestations[0]
DRAW = SEALED.draws[0]
REORDERED = signed_again(DRAW, verifiers=DRAW.body.verifiers[::-1])
UNENDORSED = replace(SEALED.changes[0], endorsements=())
TOO_MUCH = (replace(BODY.payments[0], amount=HOLD.amount), *BODY.payments[1:])
TO_STRANGER = (Payment(to=STRANGER.did, amount=HOLD.amount - HOLD.pot), *BODY.payments[1:])


@pytest.mark.parametrize(
    ("fault", "proof"),
    [
        (Fault.MISSING, replace(SEALED, settlement=None)),
        (Fault.MISSING, replace(SEALED, anchor=None)),
        (Fault.MISSING, replace(SEALED, receipt=None)),
        (Fault.MISSING, replace(SEALED, seals=SEALED.seals[1:])),
        (Fault.MISSING, replace(SEALED, attestations=SEALED.attestations[1:])),
        (Fault.GROUND_WRONG, replace(SEALED, attestations=())),
        (Fault.NOT_ENDORSED, replace(SEALED, changes=(UNENDORSED,))),
        (Fault.NOT_A_MEMBER, forged("manifest", STRANGER)),
        (Fault.NOT_A_MEMBER, forged("bid", STRANGER)),
        (Fault.NOT_THE_SUBMITTERS, forged("award", STRANGER)),
        (Fault.NOT_AN_ISSUERS, forged("hold", STRANGER)),
        (Fault.NOT_AN_ISSUERS, forged("settlement", STRANGER)),
        (Fault.NOT_AN_ISSUERS, forged("opening", STRANGER)),
        (Fault.NOT_AN_ISSUERS, forged("manifest", accepted_issuers=(STRANGER.did,))),
        (Fault.NOT_THE_EXECUTORS, forged("receipt", STRANGER)),
        (Fault.NOT_THE_EXECUTORS, forged("anchor", STRANGER)),
        (Fault.NOT_A_VERIFIERS, replace(SEALED, attestations=(signed_again(FIRST, STRANGER),))),
        (Fault.AMOUNT_WRONG, forged("hold", amount=HOLD.amount + 1)),
        (Fault.POT_WRONG, forged("hold", pot=HOLD.pot + 1)),
        (Fault.OVER, forged("hold", issued_at=SEALED.bid.body.expires_at + 300)),
        (Fault.OVER_BUDGET, forged("bid", price=501)),
        (Fault.OVER_BUDGET, forged("bid", units=501)),
        (Fault.CONTEXT_DIFFERS, in_context(now=1)),
        (Fault.CONTEXT_DIFFERS, in_context(owner=STRANGER.did)),
        (Fault.CONTEXT_DIFFERS, in_context(received_at=1)),
        (Fault.CONTEXT_DIFFERS, in_context(member=STRANGER.did)),
        (Fault.RESULT_DIFFERS, forged("receipt", nonce=bytes(32))),
        (Fault.RESULT_DIFFERS, forged("receipt", nonce=None)),
        (Fault.DRAW_WRONG, replace(SEALED, draws=(signed_again(DRAW, secret=bytes(32)),))),
        (Fault.DRAW_WRONG, replace(SEALED, draws=(REORDERED,))),
        (Fault.DRAW_WRONG, forged("opening", draws=(OTHER,))),
        (Fault.WRONG_PARENT, forged("anchor", sequence=2)),
        (Fault.GROUND_WRONG, forged("settlement", ground=Ground.REFUTED)),
        (Fault.GROUND_WRONG, forged("settlement", ground=Ground.NO_QUORUM)),
        (Fault.GROUND_WRONG, forged("settlement", ground=Ground.CANCELLED)),
        (Fault.NO_QUORUM, forged("settlement", ground=Ground.SILENT)),
        (Fault.PAYMENTS_WRONG, forged("settlement", payments=TOO_MUCH)),
        (Fault.PAYMENTS_WRONG, forged("settlement", payments=TO_STRANGER)),
        (Fault.PAYMENTS_WRONG, forged("settlement", payments=())),
        (Fault.PAYMENTS_WRONG, forged("settlement", refunded=BODY.refunded + 1)),
        (Fault.FROM_THE_FUTURE, forged("settlement", issued_at=NOW + 301)),
        (Fault.TIMES_WRONG, forged("settlement", issued_at=1)),
        (Fault.TIMES_WRONG, forged("receipt", ended_at=BODY.issued_at + 301)),
    ],
)
def test_each_forgery_is_found(fault: Fault, proof: Proof) -> None:
    assert fault in faults(proof, reexecute=None)


def paid_from(by: Any = None, **changes: Any) -> Proof:
    """The proof, paid from another token, which manifest and hold name."""
    token = signed_again(SEALED.tokens[0], by, **changes)
    manifest = signed_again(SEALED.manifest, resource_token=token.cid)
    hold = signed_again(SEALED.hold, token=token.cid)
    data = {**SEALED.data, token.cid: token.block}
    return replace(SEALED, manifest=manifest, hold=hold, data=data)


@pytest.mark.parametrize(
    ("reason", "proof"),
    [
        ("made out to another member", paid_from(audience=STRANGER.did)),
        ("not signed by its issuer", paid_from(STRANGER)),
        ("of an issuer that is not accepted", paid_from(STRANGER, issuer=STRANGER.did)),
        ("more than the token grants", paid_from(amount=1)),
        ("has expired", paid_from(expires_at=HOLD.issued_at)),
        ("outside the token's scope", paid_from(scope="garden")),
        ("another kind of resource", paid_from(resource_type=ResourceType.STORAGE)),
    ],
)
def test_token_that_does_not_cover_the_job_is_found(reason: str, proof: Proof) -> None:
    found = [each for each in verified(proof).findings if each.fault is Fault.TOKEN_INVALID]
    assert [reason in each.detail for each in found] == [True]


def test_proof_without_its_token_is_incomplete() -> None:
    token = SEALED.manifest.body.resource_token
    data = {cid: block for cid, block in SEALED.data.items() if cid != token}
    assert faults(replace(SEALED, data=data)) == [Fault.MISSING]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (Quota(limit=HOLD.amount), []),
        (Quota(limit=HOLD.amount - 1), [Fault.POLICY_DENIES]),
        (PermitList(dids=(SEALED.manifest.signer,)), []),
        (PermitList(dids=()), [Fault.POLICY_DENIES]),
    ],
)
def test_hold_against_a_policy_of_its_issuer_is_found(rule: Any, found: list[Fault]) -> None:
    newer = signed_again(SEALED.policies[0], rule=rule, edition=2)
    assert faults(replace(SEALED, policies=(*SEALED.policies, newer))) == found
    later = signed_again(newer, effective_at=HOLD.issued_at + 1)
    assert faults(replace(SEALED, policies=(*SEALED.policies, later))) == []
    of_stranger = signed_again(newer, STRANGER)
    assert faults(replace(SEALED, policies=(*SEALED.policies, of_stranger))) == []


def test_cancelled_attempt_is_paid_at_most_its_time() -> None:
    job = JOBS[True]
    price = HOLD.amount - HOLD.pot

    def ended(paid: int, **changes: Any) -> Proof:
        executor = Payment(to=HOLD.executor, amount=paid)
        settlement = signed_again(
            job.settlement,
            ground=Ground.CANCELLED,
            cancel=job.cancel.cid,
            payments=(executor,),
            refunded=HOLD.amount - paid,
            **dict.fromkeys(("receipt", "anchor", "opening")),
            **dict.fromkeys(("draws", "attestations"), ()),
        )
        bare = dict.fromkeys(("receipt", "anchor", "opening"))
        none = dict.fromkeys(("draws", "seals", "attestations"), ())
        given = {**bare, **none, "cancel": job.cancel, "settlement": settlement, **changes}
        return replace(SEALED, **given)

    assert faults(ended(price)) == [Fault.NO_QUORUM, Fault.NO_QUORUM]
    assert Fault.PAYMENTS_WRONG in faults(ended(price + 1))
    assert Fault.MISSING in faults(ended(price, cancel=None))
    foreign = signed_again(job.cancel, STRANGER)
    assert Fault.GROUND_WRONG in faults(ended(price, cancel=foreign))
