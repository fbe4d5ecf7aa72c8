"""Decisions of votes, against exact fractions."""

from decimal import Decimal
from fractions import Fraction
from functools import cache

from ccl_machine import run
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.pipeline import compile_text

PROGRAM = """
import "std/proposals" as proposals;

export fn decided(
  votes: Array<Integer>, eligible: Integer, quorum: Array<Integer>, kind: String,
  share: Array<Integer>
) -> Outcome {
  let tally = proposals.Tally { yes: votes[0], no: votes[1], abstain: votes[2] };
  let least = proposals.Share.Ratio(quorum[0], quorum[1]);
  let threshold = match kind {
    "majority" => proposals.Threshold.Majority,
    "consensus" => proposals.Threshold.Consensus,
    _ => proposals.Threshold.Supermajority(proposals.Share.Ratio(share[0], share[1])),
  };
  proposals.decide(tally, eligible, least, threshold)
}

export fn exactly(part: Integer, whole: Integer, share: Decimal) -> Bool {
  proposals.reaches(proposals.Share.Exact(share), part, whole)
}
"""


@cache
def module() -> bytes:
    wasm = compile_text(PROGRAM).wasm
    assert wasm is not None
    return wasm


def expected(votes: list[int], eligible: int, quorum: Fraction, kind: str, share: Fraction) -> str:
    yes, no, _ = votes
    if sum(votes) < quorum * eligible:
        return "NoQuorum"
    passes = {
        "majority": yes > no,
        "consensus": yes > 0 and no == 0,
        "supermajority": yes > no and yes >= share * (yes + no),
    }[kind]
    return "Passed" if passes else "Rejected"


@st.composite
def shares(draw: st.DrawFn) -> tuple[int, int]:
    whole = draw(st.integers(1, 12))
    return draw(st.integers(0, whole)), whole


@examples(60)
@given(
    votes=st.lists(st.integers(0, 9), min_size=3, max_size=3),
    absent=st.integers(0, 20),
    quorum=shares(),
    kind=st.sampled_from(["majority", "supermajority", "consensus"]),
    share=shares(),
)
def test_vote_decides_as_exact_fractions_do(
    votes: list[int],
    absent: int,
    quorum: tuple[int, int],
    kind: str,
    share: tuple[int, int],
) -> None:
    eligible = sum(votes) + absent
    arguments = [votes, eligible, list(quorum), kind, list(share)]
    ran = run(module(), entry="decided", arguments=arguments)
    assert ran.value == expected(votes, eligible, Fraction(*quorum), kind, Fraction(*share))


@examples(40)
@given(part=st.integers(0, 10**6), rest=st.integers(0, 10**6), millionths=st.integers(0, 10**6))
def test_decimal_share_is_not_rounded(part: int, rest: int, millionths: int) -> None:
    whole = part + rest
    ran = run(
        module(), entry="exactly", arguments=[part, whole, f"{Decimal(millionths) / 10**6:f}"]
    )
    assert ran.value is (part >= Fraction(millionths, 10**6) * whole)
