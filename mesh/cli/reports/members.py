"""Members by name: of those that the mesh has now."""

from collections.abc import Iterable

from mesh.cli.arguments.naming import did_from, resolve
from mesh.core.records.membership import Member, Role
from mesh.queries.reader import Reader
from runtime.content.did import Did

_DID = "did:"


def find_member(reader: Reader, text: str, *, roles: Iterable[Role], where: str) -> Did:
    """The member that a name, a part of one, or a DID names. where: the command that lists them.

    Raises CommandError `unknown-member`, `ambiguous-member`, `member-id-too-short`.
    """
    wanted = set(roles)
    known = [each for each in reader.members.change.body.members if wanted & set(each.roles)]
    if text.strip().startswith(_DID):
        did = did_from(text, "MEMBER")
        return Did(resolve(did, [each.member for each in known], noun="member", where=where))
    return _by_name(known)[resolve(text, [each.name for each in known], noun="member", where=where)]


def _by_name(known: Iterable[Member]) -> dict[str, Did]:
    return {each.name: each.member for each in known}
