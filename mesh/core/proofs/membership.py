"""The members in force at a hold, shown from one file: every change since the genesis, endorsed.

Rule: a list counts with the threshold of endorsements of its predecessor's founders; trust in the
genesis comes from outside.
"""

from collections.abc import Iterable

from msgspec import Struct

from mesh.core.findings import Fault, Finding
from mesh.core.membership.members import Members, counts
from mesh.core.records.membership import Endorsement, Genesis, Membership
from runtime.content.cid import Cid
from runtime.identity.signed import Signed


class Change(Struct, frozen=True, kw_only=True):
    """A change of the members, and the endorsements with which it counts."""

    change: Signed[Membership]
    endorsements: tuple[Signed[Endorsement], ...]


class ChangeNames(Struct, frozen=True, kw_only=True):
    """The CIDs of a change and of its endorsements, as an actor's rows name them."""

    change: Cid
    endorsements: tuple[Cid, ...]


def members_of(genesis: Signed[Genesis], changes: tuple[Change, ...]) -> Members:
    """The members from the last of these changes on; there is one at least."""
    return Members(genesis=genesis, change=changes[-1].change)


def check_changes(genesis: Signed[Genesis], changes: Iterable[Change]) -> tuple[Finding, ...]:
    """What speaks against a chain of changes, from the first one on."""
    before: Signed[Membership] | None = None
    findings: list[Finding] = []
    for each in changes:
        if not counts(each.change, each.endorsements, genesis=genesis.body, before=before):
            detail = f"change {each.change.body.sequence}"
            findings.append(Finding(fault=Fault.NOT_ENDORSED, subject="members", detail=detail))
        before = each.change
    return tuple(findings)
