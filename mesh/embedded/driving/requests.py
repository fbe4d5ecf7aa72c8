"""Requests to the sandbox, from the blocks that an actor holds.

Rule: an execution is given what its own actor has fetched; what other actors hold is not looked at.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from mesh.core.ports.blocks import BlockError, BlockReader
from mesh.core.ports.work import Execute, Failed, WorkFault
from mesh.core.proofs.contents import module_bytes
from mesh.core.unixfs import PieceMissing, UnixFsError
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError
from runtime.execution.context import Context
from runtime.execution.state import MissingBlock, surrounding_blocks
from runtime.sandbox.request import Request, Side

T = TypeVar("T")

MODULES_KEPT_MAX: Final = 32


class Requests:
    """Makes requests. Modules are kept, since many executions take the same."""

    def __init__(self) -> None:
        self._modules: _Kept[tuple[Cid, bytes]] = _Kept(MODULES_KEPT_MAX)

    def request(self, blocks: BlockReader, work: Execute, side: Side) -> Request | Failed:
        """The request for an execution, or why there is none."""
        try:
            for held in (work.module, work.context):
                if not blocks.has(held):
                    raise PieceMissing(held)
            cid, module = self._modules.get(work.module, lambda: _module(blocks, work.module))
            context = Context.from_block(_block(blocks, work.context))
            return Request(
                module=module,
                module_cid=cid,
                context=context,
                input=None if work.input is None else _block(blocks, work.input),
                blocks=surrounding_blocks(context, blocks.get),
                wall_seconds=float(work.max_seconds),
                side=side,
            )
        except (PieceMissing, MissingBlock) as missing:
            detail = f"block {missing.cid} is not here any more"
            return Failed(fault=WorkFault.MISSING, detail=detail, missing=(missing.cid,))
        except (UnixFsError, CodecError) as error:
            return Failed(fault=WorkFault.MODULE, detail=str(error))
        except BlockError as error:
            return Failed(fault=WorkFault.MACHINE, detail=error.message)


class _Kept(Generic[T]):
    """The values that were asked for last, by CID."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._values: OrderedDict[Cid, T] = OrderedDict()

    def get(self, cid: Cid, make: Callable[[], T]) -> T:
        if cid in self._values:
            self._values.move_to_end(cid)
            return self._values[cid]
        value = self._values[cid] = make()
        if len(self._values) > self._count:
            self._values.popitem(last=False)
        return value


def _module(blocks: BlockReader, cid: Cid) -> tuple[Cid, bytes]:
    """The module under the CID of its bytes as one block, by which the sandbox checks them: those
    of a file were checked piece by piece."""
    data = module_bytes(cid, blocks.get)
    return (cid if cid.codec is Codec.RAW else cid_of(data, Codec.RAW)), data


def _block(blocks: BlockReader, cid: Cid) -> bytes:
    data = blocks.get(cid)
    if data is None:
        raise PieceMissing(cid)
    return data
