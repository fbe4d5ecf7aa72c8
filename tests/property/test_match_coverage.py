"""Coverage of matches and choice of arms, against the values themselves."""

from collections import Counter

from effort import examples
from hypothesis import HealthCheck, given, settings
from match_texts import Arm, Kind, Pattern, matches, program

from ccl.pipeline import check_text

_SETTINGS = settings(
    examples(300), suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def _reported(text: str) -> Counter[str]:
    compilation = check_text(text, "match.ccl")
    found = Counter(each.code for each in compilation.sink.diagnostics)
    assert set(found) <= {"CCL0505", "CCL0506", "CCL0903", "CCL0902", "CCL0904"}, found
    return found


def _never_taken(kind: Kind, arms: list[Arm]) -> int:
    """How many alternatives take nothing that those before them leave."""
    before: list[Pattern] = []
    count = 0
    for arm in arms:
        for each in arm.alternatives:
            left = (v for v in kind.values if not any(other.takes(v) for other in before))
            count += not any(each.takes(value) for value in left)
            if not arm.guarded:
                before.append(each)
    return count


@_SETTINGS
@given(matches())
def test_match_is_covered_where_every_value_is_taken(given_match: tuple[Kind, list[Arm]]) -> None:
    kind, arms = given_match
    sure = [each for arm in arms if not arm.guarded for each in arm.alternatives]
    left = [value for value in kind.values if not any(each.takes(value) for each in sure)]
    found = _reported(program(kind, arms))
    assert found["CCL0505"] == (1 if left else 0), left[:3]
    assert found["CCL0506"] == _never_taken(kind, arms)
