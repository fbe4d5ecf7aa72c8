"""Rules in words: what is written is read as the same rule, and any text is refused by column."""

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from signers import key

from mesh.cli.policies.rule_text import FORMS, RuleTextError, rule_from_text, rule_to_text
from runtime.tokens.policy import AllOf, AllowAll, AnyOf, PermitList, Quota, RateLimit, Rule

DIDS = [key(name).did for name in ("alice", "bob", "carol")]
RATE = st.builds(
    RateLimit,
    amount=st.integers(1, 10**9),
    per_seconds=st.integers(1, 10**6),
    burst=st.integers(1, 10**9),
)
LIMITS: st.SearchStrategy[Rule] = st.one_of(
    st.just(AllowAll()),
    st.builds(Quota, limit=st.integers(0, 2**63 - 1)),
    RATE,
    st.builds(PermitList, dids=st.lists(st.sampled_from(DIDS), max_size=3).map(tuple)),
)


def composed(parts: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    rules = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(parts, st.builds(AllOf, rules=rules), st.builds(AnyOf, rules=rules))


@examples(150)
@given(composed(composed(LIMITS)))
def test_written_rule_is_read_as_itself(rule: Rule) -> None:
    text = rule_to_text(rule)
    assert rule_from_text(text) == rule


WORDS = st.sampled_from(
    [
        "all",
        "any",
        "of",
        "(",
        ")",
        ";",
        ",",
        "quota",
        "5",
        "each",
        "per",
        "s",
        "at",
        "most",
        "once",
        "only",
        "nobody",
        "allow",
        "did:key:z6Mk",
        "§",
    ]
)


@examples(300)
@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=12).map(" ".join)))
def test_any_text_is_a_rule_or_is_refused_by_column(text: str) -> None:
    try:
        rule = rule_from_text(text)
    except RuleTextError as error:
        assert 1 <= error.column <= len(text) + 1
    else:
        assert rule_from_text(rule_to_text(rule)) == rule


def test_forms_of_the_error_are_rules() -> None:
    simple = [form for form in FORMS if "RULE" not in form and "DID" not in form]
    assert [rule_to_text(rule_from_text(form)) for form in simple] == simple


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("", 1, "found the end"),
        ("quota", 6, "expected a number of units, found the end"),
        ("quota 5 quota 6", 9, "expected the end of the rule, found 'quota'"),
        ("all of (quota 5, nobody)", 16, "expected ; or ), found ','"),
        ("5 per 60 minutes", 10, "expected s, for seconds, found 'minutes'"),
        ("only alice", 6, "expected a DID, found 'alice'"),
        ("quota 99999999999999999999", 7, "does not fit 63 bits"),
        ("any of (0 per 5 s)", 9, "amount: 0 is not between"),
        ("all of (" * 5 + "nobody" + ")" * 5, 1, "more than 4 deep"),
    ],
)
def test_wrong_rule_is_refused_at_its_place(text: str, column: int, said: str) -> None:
    with pytest.raises(RuleTextError) as caught:
        rule_from_text(text)
    assert caught.value.column == column and said in caught.value.reason
