"""Naming a thing by part of its id: any unambiguous prefix or suffix of four characters or more.

Rule: never guess between two; say which ones it could be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ccl.abi.text.suggest import nearest_beginning
from mesh.core.fields import JobId
from runtime.content.did import Did
from runtime.terminal.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from mesh.embedded.mesh import EmbeddedMesh
    from runtime.content.cid import Cid

PART_CHARS_MIN: Final = 4
SHOWN_MAX: Final = 5


def resolve(text: str, known: Sequence[str], *, noun: str, where: str) -> str:
    """The one id that `text` names.

    noun: what it is ("job"). where: the command that lists them. Raises CommandError
    `unknown-…`, `ambiguous-…` or `…-too-short`.
    """
    wanted = text.strip().rstrip("…").removesuffix("...").lower()
    if wanted in known:
        return wanted
    exact = [name for name in known if name.lower() == wanted]
    if exact:
        return exact[0]
    slug = noun.replace(" ", "-")
    if len(wanted) < PART_CHARS_MIN:
        raise CommandError(
            ExitCode.USAGE,
            f"{slug}-id-too-short",
            f"'{text}' is too short to name a {noun}",
            hint=f"give at least {PART_CHARS_MIN} characters of its beginning or its end; "
            f"`{where}` lists them",
        )
    found = [
        name for name in known if name.lower().startswith(wanted) or name.lower().endswith(wanted)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(found[:SHOWN_MAX]) + (", …" if len(found) > SHOWN_MAX else "")
        raise CommandError(
            ExitCode.USAGE,
            f"ambiguous-{slug}",
            f"'{text}' could be {len(found)} {noun}s: {shown}",
            hint="give more of it, or its last characters: ids that were made at about the same "
            "time begin alike",
            details={"candidates": found[:SHOWN_MAX]},
        )
    close = nearest_beginning(wanted, known)
    meant = f"did you mean {close}? " if close else ""
    raise CommandError(
        ExitCode.NOT_FOUND,
        f"unknown-{slug}",
        f"there is no {noun} '{text}'",
        hint=f"{meant}`{where}` lists them",
        details={"did_you_mean": close} if close else {},
    )


def find_job(mesh: EmbeddedMesh, text: str) -> JobId:
    """The job that part of an id names. Raises CommandError `unknown-job`, `ambiguous-job`."""
    return JobId(resolve(text, mesh.job_ids(), noun="job", where="meshctl list-jobs"))


def find_token(mesh: EmbeddedMesh, text: str) -> Cid:
    """The token that a CID or a part of one names. Raises CommandError `unknown-token`,
    `ambiguous-token`."""
    from mesh.embedded.commands.treasury import token_cids
    from runtime.content.cid import parse_cid

    known = [str(cid) for cid in token_cids(mesh)]
    return parse_cid(resolve(text, known, noun="token", where="meshctl tokens balance"))


def did_from(text: str, option: str) -> Did:
    """The DID that a word is, with a key that somebody can hold. Raises `malformed-did`."""
    from runtime.content.did import DidError, parse_did
    from runtime.identity.keys import IdentityError, public_key

    try:
        did = parse_did(text.strip())
        public_key(did)
    except (DidError, IdentityError) as error:
        raise CommandError(
            ExitCode.USAGE,
            "malformed-did",
            f"{option}: '{text}' names no key: {error}",
            hint="copy the DID whole; `meshctl identity show` prints this identity's",
        ) from None
    return did


def one_job(argument: str | None, option: str | None, *, noun: str = "job") -> str:
    """The job that a command was given, by its place or by name.

    Raises CommandError `two-jobs` or `job-missing`.
    """
    if argument is not None and option is not None and argument != option:
        raise CommandError(
            ExitCode.USAGE,
            "two-jobs",
            f"two jobs are named: '{argument}' and --job-id '{option}'",
            hint=f"give one of them: --job-id {option}",
        )
    job = option if argument is None else argument
    if job is None:
        raise CommandError(
            ExitCode.USAGE,
            "job-missing",
            f"no {noun} is named",
            hint="give its id; `meshctl list-jobs` lists them",
        )
    return job
