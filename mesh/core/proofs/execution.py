"""Executing again, for a proof: what it takes is in the file, or it is said that it is not.

Rule: an execution that is impossible here says nothing about the job.
"""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from mesh.core.findings import Fault, Finding
from mesh.core.proofs.contents import MODULE, STATE, Missing, module_bytes
from mesh.core.unixfs import PieceMissing, UnixFsError
from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic
from runtime.execution.state import MissingBlock, surrounding_blocks

NOT_ASKED: Final = "it was not asked for"
LACKING: Final = "blocks that it takes are not in the proof"


class Impossible(Struct, frozen=True, kw_only=True):
    """Executing again gave no result, which says nothing about the job."""

    reason: str


Reexecute = Callable[
    [bytes, Context, bytes | None, Mapping[Cid, bytes]], Deterministic | Impossible
]
"""Execute a module (its bytes) in a context with an input and the blocks of the state that the
context names, and give the result."""


class Verification(Struct, frozen=True, kw_only=True):
    """What was found. findings: what speaks against the proof.

    trusted: the proof is of the mesh that the reader trusts. executed_again: None where it was
    not executed, and then `not_executed` says why. missing: blocks that the proof lacks.
    """

    findings: tuple[Finding, ...]
    missing: tuple[Missing, ...]
    trusted: bool
    executed_again: bool | None
    not_executed: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether a quorum of a trusted mesh verified this result and it was paid."""
        return self.trusted and not self.findings


def execute_again(
    module: Cid,
    context: Context,
    given: Cid | None,
    *,
    data: Mapping[Cid, bytes],
    missing: tuple[Missing, ...],
    reexecute: Reexecute | None,
) -> Deterministic | Finding | Impossible:
    """The result that this machine gets; a finding where a block cannot be executed with.

    missing: the blocks that a walk did not find in `data`. reexecute: None not to execute.
    """
    if reexecute is None:
        return Impossible(reason=NOT_ASKED)
    if any(each.is_executed_with for each in missing):
        return Impossible(reason=LACKING)
    try:
        code = module_bytes(module, data.get)
        blocks = surrounding_blocks(context, data.get)
    except UnixFsError as error:
        return Finding(fault=Fault.UNREADABLE, subject=MODULE, detail=str(error))
    except CodecError as error:
        return Finding(fault=Fault.UNREADABLE, subject=STATE, detail=str(error))
    except (MissingBlock, PieceMissing):
        return Impossible(reason=LACKING)
    return reexecute(code, context, None if given is None else data[given], blocks)


def compare(
    own: Deterministic | Finding | Impossible, claimed: Deterministic, subject: str
) -> Finding | Impossible | None:
    """What speaks against a claimed result, or why that cannot be said; None: it is the same."""
    if not isinstance(own, Deterministic):
        return own
    names = own.__struct_fields__
    wrong = [name for name in names if getattr(own, name) != getattr(claimed, name)]
    if not wrong:
        return None
    detail = f"different: {', '.join(wrong)}"
    return Finding(fault=Fault.RESULT_DIFFERS, subject=subject, detail=detail)
