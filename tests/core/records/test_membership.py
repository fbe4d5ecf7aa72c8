"""Lists of members that are not read: two members would be one, or two lists could both count."""

from typing import Any

import pytest
from attempt_world import World, key
from msgspec.structs import replace

from mesh.core.fields import NodeId
from mesh.core.records.membership import Membership
from mesh.core.records.registry import read_as

WORLD = World()
LIST = WORLD.founding.change.body
FIRST, SECOND, *REST = LIST.members
A, B, C = (key(name).did for name in "abc")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"members": (FIRST, replace(SECOND, name=FIRST.name), *REST)},
            "two members of one name",
        ),
        (
            {"members": (FIRST, replace(FIRST, name=NodeId("again")), *REST)},
            "two members of one key",
        ),
        ({"founders": (A, B, C), "threshold": 1}, "a threshold of 1 of 3 founders"),
        ({"founders": (A, B), "threshold": 1}, "a threshold of 1 of 2 founders"),
        ({"founders": (A, B), "threshold": 3}, "a threshold of 3 of 2 founders"),
        ({"founders": (A, A, B), "threshold": 2}, "a founder is named twice"),
    ],
)
def test_list_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        replace(LIST, **changes)


def test_list_of_two_of_three_founders_is_read() -> None:
    body = replace(LIST, founders=(A, B, C), threshold=2)
    signed = WORLD.sign(body, WORLD.issuer)
    assert read_as(Membership, signed.block, WORLD.mesh).body == body
