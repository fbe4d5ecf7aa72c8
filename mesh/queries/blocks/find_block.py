"""Finding a block by its CID or by its last characters (all CIDs begin alike)."""

from collections.abc import Iterable
from typing import Final

from runtime.content.cid import Cid, CidError, parse_cid
from runtime.terminal.errors import CommandError, ExitCode

END_CHARS_MIN: Final = 4


def find_block(text: str, known: Iterable[Cid]) -> Cid:
    """The CID that `text` is, or the one block whose CID ends with it."""
    wanted = text.strip().lstrip("…").lower()
    try:
        return parse_cid(text.strip())
    except CidError as error:
        reason = error.reason
    ending = [cid for cid in known if str(cid).endswith(wanted)] if wanted.isalnum() else []
    if len(wanted) >= END_CHARS_MIN and len(ending) == 1:
        return ending[0]
    if len(wanted) >= END_CHARS_MIN and ending:
        shown = ", ".join(str(cid) for cid in ending[:3])
        raise CommandError(
            ExitCode.USAGE,
            "ambiguous-block",
            f"'{text}' is the end of {len(ending)} blocks: {shown}",
            hint="give more characters",
        )
    raise CommandError(
        ExitCode.USAGE,
        "malformed-cid",
        f"'{text}' is neither a CID ({reason}) nor the end of one that is stored",
        hint="copy the CID whole, or give its last characters",
    )
