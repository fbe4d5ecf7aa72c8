"""Records that an issuer, executor or verifier has forged: refused, counted, and proved."""

from collections.abc import Callable
from typing import Any

import pytest
from issuing.records import key_of, result
from market_actors import Mail
from msgspec.structs import replace
from submitting import Market

from mesh.actors.submitter.rows import EVIDENCE, FAULTS, TALLIES
from mesh.core.jobs.job import Job, Phase
from mesh.core.market.terms import Surroundings
from mesh.core.records.market import Credential
from mesh.core.records.membership import Fault
from mesh.core.records.settlement import Answer, Ground, Payment, Settlement
from mesh.core.records.work import Draw, Hold
from runtime.execution.context import ROLES_RECORD
from runtime.identity.signed import Signed

Forge = Callable[[Market, Settlement], Settlement]


def unsettled(market: Market) -> tuple[Job, Mail]:
    """A job whose settlement is on its way."""
    market.is_held_back = lambda mail: isinstance(mail.record.body, Settlement)
    job = market.assign()
    market.verify(job)
    assert market.job(job.job_id).phase is Phase.COMPLETED
    return market.job(job.job_id), market.settlement_mail()


def paid_more(market: Market, body: Settlement) -> Settlement:
    first = body.payments[0]
    return replace(
        body,
        payments=(replace(first, amount=first.amount + 1), *body.payments[1:]),
        refunded=body.refunded - 1,
    )


def paid_to_the_issuer(market: Market, body: Settlement) -> Settlement:
    gift = Payment(to=market.issuer_key.did, amount=body.refunded)
    return replace(body, payments=(*body.payments, gift), refunded=0)


FORGERIES: dict[str, Forge] = {
    "paid more": paid_more,
    "paid to the issuer": paid_to_the_issuer,
    "not paid": lambda _, body: replace(body, payments=(), refunded=107),
    "refund kept": lambda _, body: replace(body, refunded=body.refunded - 1),
    "refuted without refuters": lambda _, body: replace(body, ground=Ground.REFUTED),
    "no quorum with one": lambda _, body: replace(body, ground=Ground.NO_QUORUM),
    "silent with a receipt": lambda _, body: replace(body, ground=Ground.SILENT),
    "cancelled by nobody": lambda _, body: replace(body, ground=Ground.CANCELLED),
    "no anchor": lambda _, body: replace(body, anchor=None),
    "no draw": lambda _, body: replace(body, draws=()),
    "one attestation": lambda _, body: replace(body, attestations=body.attestations[:1]),
    "attested twice": lambda _, body: replace(body, attestations=body.attestations[:1] * 2),
    "before its hold": lambda _, body: replace(body, issued_at=body.issued_at - 1_000),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_settlement_is_refused(name: str) -> None:
    market = Market()
    job, mail = unsettled(market)
    forged = market.signed(market.issuer_key, FORGERIES[name](market, mail.record.body))
    market.deliver(forged, *mail.attached)
    assert market.job(job.job_id) == job
    assert market.refusals() == {"INCONSISTENT": 1}
    market.forward(mail)
    assert market.job(job.job_id).phase is Phase.VERIFIED


def test_settlement_of_another_member_is_refused() -> None:
    market = Market()
    job, mail = unsettled(market)
    market.deliver(market.signed(market.node, mail.record.body), *mail.attached)
    assert market.job(job.job_id) == job
    assert market.refusals() == {"WRONG_ROLE": 1}


def test_settlement_without_its_records_is_incomplete() -> None:
    market = Market()
    market.is_held_back = lambda mail: (
        mail.to == market.submitter.did and not isinstance(mail.record.body, Hold)
    )
    job = market.assign()
    receipt, anchor, block = market.receipt(market.asked(job))
    market.deliver(receipt, anchor.block, block, to=market.issuer_key.did)
    for key in market.drawn:
        attestation, found = market.attestation(key)
        market.deliver(attestation, found, to=market.issuer_key.did)
    mail = market.settlement_mail()
    market.deliver(mail.record)
    assert market.refusals() == {"INCOMPLETE": 1}
    market.forward(mail)
    assert market.job(job.job_id).phase is Phase.VERIFIED


def test_second_settlement_is_proved_and_voids_the_evidence() -> None:
    market = Market()
    job = market.verify(market.assign())
    mail = market.settlement_mail()
    assert market.within(lambda tx: tx.rows(EVIDENCE).count()) == 4
    other = market.signed(market.issuer_key, paid_more(market, mail.record.body))
    market.deliver(other, *mail.attached)
    assert market.job(job.job_id).phase is Phase.VERIFIED
    assert market.refusals() == {"EQUIVOCATION": 1}
    fault = market.last(Fault).body
    assert fault.accused == market.issuer_key.did
    assert set(fault.evidence) == {mail.record.cid, other.cid}
    assert market.within(lambda tx: tx.rows(EVIDENCE).count()) == 0
    assert market.within(lambda tx: tx.rows(TALLIES).count()) == 0


def test_second_hold_of_an_attempt_is_proved() -> None:
    market = Market()
    job = market.assign()
    mail = next(each for each in market.mails(Hold) if each.to == market.submitter.did)
    other = market.signed(market.issuer_key, replace(mail.record.body, draw_commitment=bytes(32)))
    market.deliver(other, *mail.attached)
    assert market.job(job.job_id).hold == mail.record.cid
    assert market.last(Fault).body.accused == market.issuer_key.did


HOLDS: dict[str, dict[str, Any]] = {
    "another amount": {"amount": 101},
    "another pot": {"pot": 99},
    "another executor": {"executor": key_of("node 1").did},
    "a longer clock": {"max_seconds": 1_000_000},
    "another token": {"token": None},
    "after the expiry": {"issued_at": 1_700_000_000 + 3_600},
}


@pytest.mark.parametrize("name", HOLDS)
def test_forged_hold_is_refused(name: str) -> None:
    market = Market()
    market.is_held_back = lambda mail: isinstance(mail.record.body, Hold)
    job = market.submit()
    market.offer(job)
    market.accept(job)
    job = market.job(job.job_id)
    mail = next(each for each in market.held_back if each.to == market.submitter.did)
    changes = dict(HOLDS[name])
    if "token" in changes:
        changes["token"] = job.manifest
    market.skip(3_600_000 if "issued_at" in changes else 0)
    forged = market.signed(market.issuer_key, replace(mail.record.body, **changes))
    market.deliver(forged, *mail.attached)
    assert market.job(job.job_id) == job
    assert market.refusals() == {"INCONSISTENT": 1}


def drawn_job(market: Market) -> tuple[Job, Mail]:
    market.is_held_back = lambda mail: isinstance(mail.record.body, Draw)
    job = market.assign()
    market.complete(job)
    mail = next(each for each in market.held_back if each.to == market.submitter.did)
    return market.job(job.job_id), mail


DRAWS: dict[str, Callable[[Draw], Draw]] = {
    "another secret": lambda body: replace(body, secret=bytes(32)),
    "another order": lambda body: replace(body, verifiers=body.verifiers[::-1]),
    "fewer": lambda body: replace(body, verifiers=body.verifiers[:2]),
    "a foreign verifier": lambda body: replace(
        body, verifiers=(*body.verifiers[:2], key_of("stranger").did)
    ),
    "another first record": lambda body: replace(body, first=body.hold),
}


@pytest.mark.parametrize("name", DRAWS)
def test_forged_draw_is_refused(name: str) -> None:
    market = Market()
    job, mail = drawn_job(market)
    market.deliver(market.signed(market.issuer_key, DRAWS[name](mail.record.body)), *mail.attached)
    assert market.job(job.job_id) == job
    assert market.refusals() == {"INCONSISTENT": 1}
    market.forward(mail)
    assert len(market.job(job.job_id).drawn) == 3


def test_attestation_of_a_verifier_that_was_not_drawn_never_counts() -> None:
    market = Market()
    job = market.assign(trust=replace(market.request().trust, verifiers=2, quorum=2))
    market.complete(job)
    others = [key for key in market.verifiers if key not in market.drawn]
    market.deliver(*_attested(market, others[0]))
    assert market.job(job.job_id).votes == ()
    market.attest(market.drawn)
    assert market.job(job.job_id).phase is Phase.VERIFIED
    assert others[0].did not in [vote.verifier for vote in market.job(job.job_id).votes]


def _attested(market: Market, key: Any) -> tuple[Signed[Any], bytes]:
    return market.attestation(key)


def test_verifier_that_contradicts_itself_is_proved() -> None:
    market = Market()
    job = market.assign()
    market.complete(job)
    for found in (result(), result("wrong")):
        attestation, block = market.attestation(market.drawn[0], found)
        market.deliver(attestation, block)
    assert len(market.job(job.job_id).votes) == 1
    assert market.last(Fault).body.accused == market.drawn[0].did


def test_fault_of_others_counts_by_its_evidence_once() -> None:
    market = Market()
    market.verify(market.assign())
    mail = market.settlement_mail()
    market.deliver(
        market.signed(market.issuer_key, paid_more(market, mail.record.body)), *mail.attached
    )
    fault = market.last(Fault)
    again = market.signed(market.node, fault.body)
    blocks = [market.within(lambda tx, cid=cid: tx.blocks.get(cid)) for cid in fault.body.evidence]
    market.deliver(again, *blocks)
    assert market.within(lambda tx: tx.rows(FAULTS).count()) == 1
    slander = market.signed(market.node, replace(fault.body, accused=market.delegate.did))
    market.deliver(slander, *blocks)
    assert market.within(lambda tx: tx.rows(FAULTS).count()) == 1
    assert market.refusals() == {"EQUIVOCATION": 1, "INCONSISTENT": 1}


def roles(market: Market) -> Any:
    around = market.within(lambda tx: market.actor.surroundings(tx, market.now))
    assert isinstance(around, Surroundings)
    return around.records.get(ROLES_RECORD)


def credential(market: Market, by: Any, subject: Any, name: str) -> Signed[Any]:
    body = Credential(subject=subject.did, name=name, expires_at=market.now.wall + 10)
    return market.signed(by, body)


def test_role_counts_by_an_issuer_alone() -> None:
    market = Market()
    forged = credential(market, market.node, market.submitter, "admin")
    market.deliver(market.node_profile(market.node, 0, sequence=2), forged.block)
    market.deliver(forged)
    assert roles(market) is None
    market.deliver(credential(market, market.issuer_key, market.submitter, "teller"))
    assert roles(market) == ["teller"]
    market.deliver(credential(market, market.issuer_key, market.node, "other"))
    assert market.refusals() == {"WRONG_ROLE": 1, "NOT_ADDRESSED": 1}
    market.skip(10_000)
    assert roles(market) is None


def test_answer_about_a_block_that_is_no_record_is_refused() -> None:
    market = Market()
    answer = Answer(
        request=market.request().module,
        accepted=True,
        reason="",
        detail="",
        settlement=None,
        retry_after=None,
    )
    market.deliver(market.signed(market.issuer_key, answer))
    assert market.refusals() == {"UNKNOWN_SUBJECT": 1}
