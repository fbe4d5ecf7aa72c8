"""Credentials of nodes: which names a node shows, by the issuers that gave them.

Rule: a credential is of one subject, until it expires or its signer revokes it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

from mesh.core.records.market import CREDENTIALS_MAX, Credential
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed

Shown: TypeAlias = Mapping[str, frozenset[Did]]
"""The givers of each name."""


def in_force(
    credentials: Iterable[Signed[Credential]],
    *,
    subject: Did,
    revoked: Collection[Cid],
    at: int,
) -> tuple[Signed[Credential], ...]:
    """The credentials of `subject` that count at a time (Unix seconds), whoever gave them.

    revoked: CIDs of credentials that their own signers have taken back.
    """
    return tuple(
        each
        for each in credentials
        if each.body.subject == subject and at < each.body.expires_at and each.cid not in revoked
    )


def selected(credentials: Iterable[Signed[Credential]]) -> tuple[Signed[Credential], ...]:
    """Those that a member shows of its own, as many as a record holds, in the order of their CIDs:
    of several of one giver for one name the one that lasts longest, and of all the same."""
    lasting = sorted(credentials, key=lambda each: (-each.body.expires_at, each.cid))
    found: dict[tuple[Did, str], Signed[Credential]] = {}
    for each in lasting:
        found.setdefault((each.signer, each.body.name), each)
    return tuple(sorted(list(found.values())[:CREDENTIALS_MAX], key=lambda each: each.cid))


def shown(credentials: Iterable[Signed[Credential]]) -> Shown:
    """The names of credentials in force, and who gives each."""
    found: dict[str, set[Did]] = {}
    for each in credentials:
        found.setdefault(each.body.name, set()).add(each.signer)
    return {name: frozenset(givers) for name, givers in found.items()}


def first_lacking(wanted: Iterable[str], held: Shown, givers: Collection[Did]) -> str | None:
    """The first name that none of the givers that count has given; None if there is none."""
    for name in wanted:
        if held.get(name, frozenset()).isdisjoint(givers):
            return name
    return None
