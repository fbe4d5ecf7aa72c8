"""Verdicts, against a count by the sentences of docs: quorum, contradictions, engines."""

from collections.abc import Iterable
from itertools import permutations

from attempt_world import ENGINE, Attempt, World, result
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mesh.core.findings import Fault
from mesh.core.records.work import Attestation
from mesh.core.verification.results import result_block
from mesh.core.verification.seals import nonce_of
from mesh.core.verification.verdicts import Judgement, Verdict, check_attestation, judge
from runtime.content.did import Did
from runtime.identity.signed import Signed

WORLD = World(verifiers=7)
OTHER_ENGINE = replace(ENGINE, version="2")
RESULTS = [result(name) for name in (b"true", b"lie", b"other lie")]


def _attempt() -> Attempt:
    manifest = WORLD.manifest()
    return WORLD.attempt(WORLD.bid(manifest), manifest)


ATTEMPT = _attempt()
RECEIPT = ATTEMPT.receipt(RESULTS[0])
Vote = tuple[int, int, bool]
"""Verifier, result, and whether its engine is the receipt's."""


def _attestation(vote: Vote) -> Signed[Attestation]:
    verifier, found, is_comparable = vote
    engine = ENGINE if is_comparable else OTHER_ENGINE
    return ATTEMPT.attestation(WORLD.verifiers[verifier], RESULTS[found], engine=engine)


def _oracle(votes: Iterable[Vote], drawn: set[int], quorum: int) -> tuple[str, set[int]]:
    """Counted anew, from the text: "Quorum is of equal deterministic records [and the same
    engine]; refuters that contradict each other refute nothing." Who says two things says
    nothing. Of two quora (in a widened draw) the larger one counts."""
    said: dict[int, set[tuple[int, bool]]] = {}
    for verifier, found, is_comparable in votes:
        if verifier in drawn:
            said.setdefault(verifier, set()).add((found, is_comparable))
    camps = [
        {v for v, statements in said.items() if statements == {(found, True)}}
        for found in range(len(RESULTS))
    ]
    sizes = sorted((len(camp) for camp in camps), reverse=True)
    winners = [n for n, camp in enumerate(camps) if len(camp) == sizes[0] >= quorum]
    if len(winners) != 1:
        return "none", set()
    return ("confirmed" if winners[0] == 0 else "refuted"), camps[winners[0]]


VOTES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 2), st.sampled_from([True, True, True, False])),
    max_size=10,
)


@examples(150)
@given(VOTES, st.sets(st.integers(0, 6), min_size=1), st.integers(1, 4))
def test_verdict_is_the_oracle_s(votes: list[Vote], drawn: set[int], quorum: int) -> None:
    found = judge(
        RECEIPT,
        [_attestation(vote) for vote in votes],
        drawn=[WORLD.verifiers[n].did for n in drawn],
        quorum=quorum,
    )
    word, camp = _oracle(votes, drawn, quorum)
    assert (found.verdict.value if found.verdict else "none") == word
    assert found.agreeing == tuple(sorted(WORLD.verifiers[n].did for n in camp))
    assert not set(found.agreeing) & set(found.dissenting)


def _judged(*votes: Vote, quorum: int = 2) -> Judgement:
    everyone = [each.did for each in WORLD.verifiers]
    answers = {
        judge(RECEIPT, [_attestation(each) for each in order], drawn=everyone, quorum=quorum)
        for order in permutations(votes)
    }
    assert len(answers) == 1, "the order of delivery decides nothing"
    return answers.pop()


def test_refuters_that_contradict_each_other_refute_nothing() -> None:
    assert _judged((0, 1, True), (1, 2, True), (2, 0, True)).verdict is None
    assert _judged((0, 1, True), (1, 1, True), (2, 0, True)).verdict is Verdict.REFUTED


def test_other_engine_says_nothing() -> None:
    assert _judged((0, 0, True), (1, 0, False)).verdict is None
    assert _judged((0, 1, False), (1, 1, False), (2, 1, False)).verdict is None


def test_repeated_attestation_counts_once() -> None:
    assert _judged((0, 0, True), (0, 0, True)).verdict is None


def test_who_contradicts_itself_counts_for_nothing() -> None:
    assert _judged((0, 0, True), (0, 1, True), (1, 0, True)).verdict is None


def test_two_equal_quora_decide_nothing() -> None:
    split = [(0, 0, True), (1, 0, True), (2, 1, True), (3, 1, True)]
    assert _judged(*split).verdict is None
    assert _judged(*split, (4, 1, True)).verdict is Verdict.REFUTED


def test_dissenters_are_named() -> None:
    found = _judged((0, 0, True), (1, 0, True), (2, 1, True))
    assert found.dissenting == (WORLD.verifiers[2].did,)


def test_attestation_of_another_hold_does_not_count() -> None:
    manifest = WORLD.manifest(2)
    other = WORLD.attempt(WORLD.bid(manifest), manifest)
    attestations = [other.attestation(each, RESULTS[0]) for each in WORLD.verifiers]
    everyone = [each.did for each in WORLD.verifiers]
    assert judge(RECEIPT, attestations, drawn=everyone, quorum=2).verdict is None
    findings = check_attestation(attestations[0], hold=ATTEMPT.hold.cid, drawn=everyone, seal=None)
    assert [each.fault for each in findings] == [Fault.OTHER_HOLD]


def _faults(attestation: Signed[Attestation], drawn: list[Did], seal: object) -> list[Fault]:
    found = check_attestation(
        attestation,
        hold=ATTEMPT.hold.cid,
        drawn=drawn,
        seal=seal,  # type: ignore[arg-type]
    )
    return [each.fault for each in found]


def test_attestation_must_be_drawn_and_open_its_own_seal() -> None:
    own, other = WORLD.verifiers[:2]
    nonce = nonce_of(own, ATTEMPT.hold.cid)
    seal = ATTEMPT.seal(own, RESULTS[0])
    true = ATTEMPT.attestation(own, RESULTS[0], nonce=nonce)
    assert _faults(true, [own.did], seal) == []
    assert _faults(true, [other.did], seal) == [Fault.NOT_A_VERIFIERS]
    for wrong, with_seal in (
        (ATTEMPT.attestation(own, RESULTS[1], nonce=nonce), seal),
        (ATTEMPT.attestation(own, RESULTS[0], nonce=b"\0" * 32), seal),
        (ATTEMPT.attestation(own, RESULTS[0]), seal),
        (true, ATTEMPT.seal(other, RESULTS[0])),
    ):
        assert _faults(wrong, [own.did], with_seal) == [Fault.RESULT_DIFFERS]


def test_result_blocks_of_different_results_differ() -> None:
    assert len({result_block(each)[0] for each in RESULTS}) == len(RESULTS)
