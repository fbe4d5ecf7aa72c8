"""Lists of members that are not read: two members would be one, or two lists could both count."""

from typing import Any

import pytest
from attempt_world import World, key
from msgspec.structs import replace

from mesh.core.fields import NodeId
from mesh.core.records.membership import Membership
from mesh.core.records.registry import read_as
from runtime.identity.signed import RecordError

WORLD = World()
LIST = WORLD.founding.change.body
FIRST, SECOND, *REST = LIST.members
A, B, C = (key(name).did for name in "abc")


@pytest.mark.parametrize(
    "changes",
    [
        {"members": (FIRST, replace(SECOND, name=FIRST.name), *REST)},
        {"members": (FIRST, replace(FIRST, name=NodeId("again")), *REST)},
        {"founders": (A, B, C), "threshold": 1},
        {"founders": (A, B), "threshold": 1},
        {"founders": (A, B), "threshold": 3},
        {"founders": (A, A, B), "threshold": 2},
    ],
)
def test_list_is_refused(changes: dict[str, Any]) -> None:
    whole = WORLD.sign(LIST, WORLD.issuer)
    assert read_as(Membership, whole.block, WORLD.mesh).body == LIST
    with pytest.raises((ValueError, RecordError)):
        replace(LIST, **changes)


def test_list_of_two_of_three_founders_is_read() -> None:
    body = replace(LIST, founders=(A, B, C), threshold=2)
    signed = WORLD.sign(body, WORLD.issuer)
    assert read_as(Membership, signed.block, WORLD.mesh).body == body
