"""What is found against awards, receipts, anchors and attestations: every fault by name."""

from dataclasses import dataclass
from typing import Any

import pytest
from meshfolk import ENGINE, START, Folk, key, sums
from msgspec.structs import replace
from village import Village

from mesh.award import check_award, check_context
from mesh.core.findings import Fault, Finding
from mesh.dag import check_anchor, next_anchor
from mesh.federation import (
    Ticket,
    attest,
    check_attestation,
    commitment_of,
    draw,
    escalation,
    judge,
)
from mesh.job import Phase
from mesh.ports import Head
from mesh.receipts import check_previous, verify_receipt
from mesh.records import (
    Anchor,
    Award,
    Bid,
    Hold,
    JobManifest,
    Receipt,
    Verdict,
    read_as,
)
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import Context
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed, sign

OTHER = cid_of(b"other", Codec.DAG_CBOR)


@dataclass(frozen=True, kw_only=True)
class Papers:
    """The records of one honest job."""

    folk: Folk
    manifest: Signed[JobManifest]
    bid: Signed[Bid]
    hold: Signed[Hold]
    award: Signed[Award]
    context: Context
    receipt: Signed[Receipt]
    executor: SigningKey


def _papers() -> Papers:
    village = Village()
    name = village.submit()
    village.run()
    job = village.job(name)
    assert job.phase is Phase.VERIFIED
    folk = village.folk
    with village.store.read() as tx:

        def load(kind: type[Any], cid: Cid | None) -> Signed[Any]:
            assert cid is not None
            block = tx.blocks.get(cid)
            assert block is not None
            return read_as(kind, block, folk.mesh)

        award = load(Award, job.award)
        context = tx.blocks.get(award.body.context)
        assert context is not None
        return Papers(
            folk=folk,
            manifest=load(JobManifest, job.manifest),
            bid=load(Bid, award.body.bid),
            hold=load(Hold, award.body.hold),
            award=award,
            context=Context.from_block(context),
            receipt=load(Receipt, job.receipt),
            executor=next(each for each in folk.nodes if each.did == job.executor),
        )


PAPERS = _papers()


def again(signed: Signed[Any], by: SigningKey, **changes: object) -> Signed[Any]:
    return sign(replace(signed.body, **changes), mesh=PAPERS.folk.mesh, key=by)


def faults(findings: tuple[Finding, ...]) -> set[Fault]:
    return {each.fault for each in findings}


# --- awards


def award_findings(now: int = START + 1, **changes: Any) -> tuple[Finding, ...]:
    given = {
        "award": PAPERS.award,
        "manifest": PAPERS.manifest,
        "bid": PAPERS.bid,
        "hold": PAPERS.hold,
        "context": PAPERS.context,
        "issuers": (PAPERS.folk.founder.did,),
        **changes,
    }
    return check_award(given.pop("award"), **given, now=now)


def test_honest_award_is_accepted() -> None:
    assert award_findings() == ()


SUBMITTER, ISSUER = PAPERS.folk.submitter, PAPERS.folk.founder
STRANGER = key("stranger")


@pytest.mark.parametrize(
    ("fault", "changes"),
    [
        (Fault.OTHER_JOB, {"award": again(PAPERS.award, SUBMITTER, job=OTHER)}),
        (Fault.OTHER_BID, {"award": again(PAPERS.award, SUBMITTER, bid=OTHER)}),
        (Fault.OTHER_HOLD, {"award": again(PAPERS.award, SUBMITTER, hold=OTHER)}),
        (Fault.OTHER_HOLD, {"award": again(PAPERS.award, SUBMITTER, attempt=2)}),
        (Fault.OTHER_CONTEXT, {"award": again(PAPERS.award, SUBMITTER, context=OTHER)}),
        (Fault.FUEL_LIMIT_WRONG, {"award": again(PAPERS.award, SUBMITTER, fuel_limit=1)}),
        (Fault.NOT_THE_SUBMITTERS, {"award": again(PAPERS.award, STRANGER)}),
        (Fault.NOT_AN_ISSUERS, {"hold": again(PAPERS.hold, STRANGER)}),
        (Fault.HOLD_TOO_SMALL, {"hold": again(PAPERS.hold, ISSUER, amount=79)}),
        (Fault.HOLD_TOO_SHORT, {"hold": again(PAPERS.hold, ISSUER, expires_at=START + 61)}),
        (Fault.CONTEXT_DIFFERS, {"context": replace(PAPERS.context, now=START + 1)}),
        (Fault.CONTEXT_DIFFERS, {"context": replace(PAPERS.context, seed=bytes(32))}),
        (Fault.CONTEXT_DIFFERS, {"context": replace(PAPERS.context, entry="other")}),
        (Fault.OVER, {"now": START + 3600}),
    ],
)
def test_award_with_a_contradiction_is_refused(fault: Fault, changes: dict[str, Any]) -> None:
    assert fault in faults(award_findings(**changes))


def test_delegate_may_award() -> None:
    manifest = PAPERS.folk.manifest(award_delegate=STRANGER.did)
    bid = again(PAPERS.bid, PAPERS.executor, job=manifest.cid)
    award = again(PAPERS.award, STRANGER, job=manifest.cid, bid=bid.cid)
    assert Fault.NOT_THE_SUBMITTERS not in faults(
        award_findings(manifest=manifest, bid=bid, award=award)
    )


def test_context_on_another_engine_than_demanded_is_found() -> None:
    manifest = PAPERS.folk.manifest(engine="other 1 0 any")
    found = check_context(PAPERS.context, manifest, PAPERS.bid.body)
    assert Fault.ENGINE_DIFFERS in faults(found)


# --- receipts


def receipt_findings(receipt: Signed[Receipt], **changes: Any) -> tuple[Finding, ...]:
    given = {
        "manifest": PAPERS.manifest,
        "bid": PAPERS.bid,
        "award": PAPERS.award,
        "context": PAPERS.context,
        "now": START + 5,
        **changes,
    }
    return verify_receipt(receipt, **given)


def test_honest_receipt_is_accepted() -> None:
    assert receipt_findings(PAPERS.receipt) == ()


RESULT = PAPERS.receipt.body.deterministic


@pytest.mark.parametrize(
    ("fault", "changes"),
    [
        (Fault.OTHER_JOB, {"job": OTHER}),
        (Fault.OTHER_AWARD, {"award": OTHER}),
        (Fault.OTHER_CONTEXT, {"context": OTHER}),
        (Fault.OTHER_MODULE, {"module": OTHER}),
        (Fault.OTHER_NODE, {"node_id": "mesh-node-9"}),
        (Fault.ENGINE_DIFFERS, {"engine": replace(ENGINE, version="2")}),
        (Fault.USAGE_WRONG, {"usage": {"compute": 999}}),
        (Fault.USAGE_WRONG, {"usage": {}}),
        (
            Fault.FUEL_OVER_LIMIT,
            {"deterministic": replace(RESULT, fuel_used=500_000_001), "usage": {"compute": 501}},
        ),
        (Fault.TIMES_WRONG, {"started_at": START + 9, "ended_at": START + 8}),
        (Fault.TIMES_WRONG, {"started_at": START - 301}),
        (Fault.FROM_THE_FUTURE, {"ended_at": START + 306}),
    ],
)
def test_receipt_with_a_contradiction_is_refused(fault: Fault, changes: dict[str, object]) -> None:
    found = receipt_findings(again(PAPERS.receipt, PAPERS.executor, **changes))
    assert faults(found) == {fault}
    assert str(found[0]).startswith("receipt: ")


def test_receipt_of_another_signer_is_found() -> None:
    found = receipt_findings(again(PAPERS.receipt, STRANGER))
    assert faults(found) == {Fault.NOT_THE_EXECUTORS}


def test_receipt_without_known_fuel_uses_up_what_was_bid_for() -> None:
    unknown = replace(RESULT, fuel_used=None)
    right = again(PAPERS.receipt, PAPERS.executor, deterministic=unknown, usage={"compute": 500})
    assert receipt_findings(right) == ()
    wrong = again(PAPERS.receipt, PAPERS.executor, deterministic=unknown)
    assert faults(receipt_findings(wrong)) == {Fault.USAGE_WRONG}


def test_receipt_continues_the_chain_of_its_executor() -> None:
    member = PAPERS.executor.did
    assert check_previous(PAPERS.receipt, None, member) == ()
    assert faults(check_previous(PAPERS.receipt, OTHER, member)) == {Fault.WRONG_PARENT}


# --- anchors

MEMBER = PAPERS.executor
RECEIPT = PAPERS.receipt.cid


def anchored(sequence: int, *parents: Cid, receipt: Cid = RECEIPT) -> Signed[Anchor]:
    body = Anchor(receipt=receipt, parents=parents, sequence=sequence)
    return sign(body, mesh=PAPERS.folk.mesh, key=MEMBER)


def anchor_findings(anchor: Signed[Anchor], head: Head | None, same: Cid | None = None) -> Any:
    found = check_anchor(anchor, receipt=RECEIPT, executor=MEMBER.did, head=head, same_place=same)
    return faults(found)


def test_anchors_follow_each_other() -> None:
    first = anchored(1)
    head = Head(sequence=1, record=first.cid)
    assert anchor_findings(first, None) == set()
    assert anchor_findings(anchored(2, first.cid), head) == set()
    assert anchor_findings(anchored(3, first.cid), head) == {Fault.WRONG_SEQUENCE}
    assert anchor_findings(anchored(2), head) == {Fault.WRONG_PARENT}
    assert anchor_findings(anchored(2, OTHER, first.cid), head) == {Fault.WRONG_PARENT}
    assert anchor_findings(anchored(1, receipt=OTHER), None) == {Fault.OTHER_RECEIPT}


def test_same_anchor_again_is_harmless_and_another_is_equivocation() -> None:
    first = anchored(1)
    head = Head(sequence=1, record=first.cid)
    assert anchor_findings(first, head, first.cid) == set()
    fork = anchored(1, OTHER)
    assert anchor_findings(fork, head, first.cid) == {Fault.EQUIVOCATION}


def test_anchor_takes_in_the_heads_it_has_seen() -> None:
    own = Head(sequence=4, record=OTHER)
    seen = [
        (key(str(n)).did, Head(sequence=n, record=cid_of(bytes([n]), Codec.RAW)))
        for n in range(1, 12)
    ]
    anchor = next_anchor(RECEIPT, own, [*seen, (MEMBER.did, own)], MEMBER.did)
    assert anchor.sequence == 5
    assert anchor.parents[0] == OTHER
    assert anchor.parents[1:] == tuple(head.record for _, head in reversed(seen[-8:]))
    assert next_anchor(RECEIPT, None, [], MEMBER.did).sequence == 1


# --- attestations


def test_verdict_follows_from_the_results() -> None:
    receipt = PAPERS.receipt.body
    assert judge(RESULT, ENGINE, receipt) is Verdict.CONFIRMED
    assert judge(replace(RESULT, output=None), ENGINE, receipt) is Verdict.REFUTED
    assert judge(replace(RESULT, fuel_used=0), ENGINE, receipt) is Verdict.REFUTED
    other = replace(ENGINE, config="1")
    assert judge(RESULT, other, receipt) is Verdict.INCONCLUSIVE


def test_attestation_with_a_contradiction_is_refused() -> None:
    verifier = PAPERS.folk.verifiers[0]
    drawn = (verifier.did,)
    own = sums(b"a program for the sums engine", PAPERS.context, None)
    body = attest(PAPERS.receipt, own, ENGINE)
    assert body.verdict is Verdict.CONFIRMED

    def check(by: SigningKey = verifier, **changes: Any) -> set[Fault]:
        signed = sign(replace(body, **changes), mesh=PAPERS.folk.mesh, key=by)
        return faults(check_attestation(signed, receipt=PAPERS.receipt, drawn=drawn))

    assert check() == set()
    assert check(STRANGER) == {Fault.NOT_A_VERIFIERS}
    assert check(receipt=OTHER) == {Fault.OTHER_RECEIPT}
    assert check(verdict=Verdict.REFUTED) == {Fault.VERDICT_WRONG}
    lie = replace(own, output=None)
    assert check(deterministic=lie) == {Fault.VERDICT_WRONG}
    assert check(deterministic=lie, verdict=Verdict.REFUTED) == set()


# --- the draw


def ticket(number: int, *, reveals: bool = True, honest: bool = True) -> Ticket:
    secret = bytes([number]) * 32
    return Ticket(
        verifier=key(f"verifier-{number}").did,
        commitment=commitment_of(secret if honest else bytes(32)),
        secret=secret if reveals else None,
    )


TICKETS = [ticket(number) for number in range(1, 8)]


def test_with_no_more_than_wanted_all_verify() -> None:
    assert set(draw(OTHER, TICKETS[:3], 3)) == {each.verifier for each in TICKETS[:3]}


def test_draw_follows_from_award_and_secrets_alone() -> None:
    drawn = draw(OTHER, TICKETS, 3)
    assert len(drawn) == 3
    assert draw(OTHER, reversed(TICKETS), 3) == drawn
    awards = [cid_of(bytes([n]), Codec.RAW) for n in range(40)]
    assert len({draw(award, TICKETS, 3) for award in awards}) > 10
    everyone = {did for award in awards for did in draw(award, TICKETS, 3)}
    assert everyone == {each.verifier for each in TICKETS}


def test_member_that_hides_or_changes_its_secret_is_drawn_last() -> None:
    hidden, changed = ticket(1, reveals=False), ticket(2, honest=False)
    tickets = [hidden, changed, *TICKETS[2:5]]
    for n in range(20):
        award = cid_of(bytes([n]), Codec.RAW)
        assert not {hidden.verifier, changed.verifier} & set(draw(award, tickets, 3))
    assert len(draw(OTHER, tickets, 4)) == 4


def test_escalation_asks_the_others_or_all_again() -> None:
    everyone = {each.verifier for each in TICKETS}
    drawn = draw(OTHER, TICKETS, 3)
    assert set(escalation(OTHER, TICKETS, drawn)) == everyone - set(drawn)
    assert set(escalation(OTHER, TICKETS[:3], everyone)) == everyone
