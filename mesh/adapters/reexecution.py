"""Executing a proof's job again, in this machine's sandbox."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mesh.core.proofs.execution import Impossible, Reexecute
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic, Execution
from runtime.sandbox.request import Request

if TYPE_CHECKING:
    from runtime.sandbox.pool import Sandbox


def executed_in(sandbox: "Sandbox") -> Reexecute:
    """Execution on this machine, for `verify_proof`."""

    def reexecute(
        module: bytes, context: Context, given: bytes | None, blocks: Mapping[Cid, bytes]
    ) -> Deterministic | Impossible:
        request = Request(
            module=module,
            module_cid=cid_of(module, Codec.RAW),
            context=context,
            input=given,
            blocks=blocks,
        )
        result = sandbox.execute(request)
        if isinstance(result, Execution):
            return result.deterministic
        return Impossible(reason=str(result))

    return reexecute
