"""The bounds of a manifest: a field out of its range cannot even be signed."""

from typing import Any

import pytest
from attempt_world import START, World, key

from mesh.core.records.terms import Requirements, Trust
from runtime.content.shapes import ShapeError

WORLD = World()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"resource_amount": 0}, "resource_amount: 0 is not between 1"),
        ({"description": "x" * 4097}, "description: 4097 bytes"),
        ({"job_id": "not-a-uuid"}, "job_id: expected a UUID"),
        ({"entry": ""}, "entry: 0 bytes"),
        ({"award_delegate": "nobody"}, "award_delegate: a DID starts with"),
        ({"requirements": Requirements(max_seconds=0)}, "requirements.max_seconds: 0 is not"),
        ({"accepted_issuers": (key("a").did,) * 65}, "accepted_issuers: 65 items"),
        ({"module": "text"}, "module: expected a link, found str"),
        ({"priority": "high"}, "priority: expected one of low, medium, high, critical"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_field_out_of_its_range_is_not_signed(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(ShapeError) as raised:
        WORLD.manifest(**changes)
    assert place in str(raised.value)


def test_times_of_a_manifest_follow_each_other() -> None:
    for changes in ({"bid_deadline": START - 1}, {"expires_at": START + 29}):
        with pytest.raises(ValueError, match="must follow each other"):
            WORLD.manifest(**changes)


@pytest.mark.parametrize(("quorum", "verifiers"), [(1, 2), (3, 2), (2, 4)])
def test_quorum_is_a_majority_of_the_verifiers(quorum: int, verifiers: int) -> None:
    with pytest.raises(ValueError, match="it must be a majority"):
        Trust(quorum=quorum, verifiers=verifiers)
