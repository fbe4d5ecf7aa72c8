"""A file as other systems store it: dag-pb nodes that hold or link its pieces (UnixFS).

Rule: only files are read; pieces come in the order of the links, each checked by its CID.
Source: the UnixFS and dag-pb specifications (specs.ipfs.tech/unixfs).
"""

from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from mesh.core.ports.blocks import BlockReader
from runtime.content.cid import Cid, CidError, Codec, read_cid
from runtime.content.varint import VarintError, read_varint

FILE_BYTES_MAX: Final = 64 << 20
NODE_BYTES_MAX: Final = 2 << 20
VISITED_BYTES_MAX: Final = 2 * FILE_BYTES_MAX
"""Of all nodes together, each as often as it is linked to."""
DEPTH_MAX: Final = 16
NODES_MAX: Final = 65_536
_TYPE_RAW: Final = 0
_TYPE_FILE: Final = 2
_KIND_NAMES: Final = {
    1: "a directory",
    3: "metadata",
    4: "a symbolic link",
    5: "a sharded directory",
}


class UnixFsError(ValueError):
    """The nodes do not describe a file we read."""


class PieceMissing(Exception):
    """A piece of the file is not here."""

    def __init__(self, cid: Cid) -> None:
        super().__init__(str(cid))
        self.cid = cid


class Node(Struct, frozen=True, kw_only=True):
    """The content of one block of a file: its own piece (None where it was not loaded), then those
    of its links. block_bytes, piece_bytes: sizes of the block and of the piece."""

    piece: bytes | None
    links: tuple[Cid, ...]
    block_bytes: int
    piece_bytes: int


def read_file(root: Cid, get: Callable[[Cid], bytes | None]) -> bytes:
    """The bytes of the file that `root` names. Raises UnixFsError or PieceMissing."""
    pieces: list[bytes] = []
    for cid, node in walk(root, lambda cid: _loaded(cid, get(cid))):
        if node is None:
            raise PieceMissing(cid)
        assert node.piece is not None, "it was loaded"
        pieces.append(node.piece)
    return b"".join(pieces)


def file_blocks(root: Cid, blocks: BlockReader) -> Iterator[tuple[Cid, bool]]:
    """The blocks of a file and whether each is here, without loading those that only hold bytes.
    Below a block that is not here nothing is known. Raises UnixFsError, BlockError."""

    def look(cid: Cid) -> Node | None:
        if cid.codec is not Codec.RAW:
            return _loaded(cid, blocks.get(cid))
        size = blocks.size(cid)
        if size is None:
            return None
        return Node(piece=None, links=(), block_bytes=size, piece_bytes=size)

    for cid, node in walk(root, look):
        yield cid, node is not None


def walk(root: Cid, look: Callable[[Cid], Node | None]) -> Iterator[tuple[Cid, Node | None]]:
    """The nodes of a file in the order of its bytes, None for one that is not here. Raises
    UnixFsError."""
    total = visited_bytes = visited = 0
    stack = [(root, 0)]
    while stack:
        cid, depth = stack.pop()
        visited += 1
        if depth > DEPTH_MAX or visited > NODES_MAX:
            raise UnixFsError(f"more than {DEPTH_MAX} levels or {NODES_MAX} nodes")
        node = look(cid)
        if node is not None:
            visited_bytes += node.block_bytes
            total += node.piece_bytes
            if visited_bytes > VISITED_BYTES_MAX:
                raise UnixFsError(f"its nodes have more than {VISITED_BYTES_MAX} bytes")
            if total > FILE_BYTES_MAX:
                raise UnixFsError(f"more than {FILE_BYTES_MAX} bytes")
            stack.extend((link, depth + 1) for link in reversed(node.links))
        yield cid, node


def _loaded(cid: Cid, block: bytes | None) -> Node | None:
    if block is None:
        return None
    if cid.codec is Codec.RAW:
        size = len(block)
        return Node(piece=block, links=(), block_bytes=size, piece_bytes=size)
    return _read_node(cid, block)


def _read_node(cid: Cid, block: bytes) -> Node:
    if cid.codec is not Codec.DAG_PB:
        raise UnixFsError(f"{cid} is no node of a file")
    if len(block) > NODE_BYTES_MAX:
        raise UnixFsError(f"{cid} has {len(block)} bytes, a node has at most {NODE_BYTES_MAX}")
    content: bytes | None = None
    links: list[Cid] = []
    for number, value in _fields(block):
        if not isinstance(value, bytes) or number not in {1, 2}:
            raise UnixFsError(f"{cid} has a field {number} that no node has")
        if number == 2:
            links.append(_target(cid, value))
        elif content is None:
            content = value
        else:
            raise UnixFsError(f"{cid} has two contents")
    piece = _file_content(cid, content or b"")
    return Node(piece=piece, links=tuple(links), block_bytes=len(block), piece_bytes=len(piece))


def _target(cid: Cid, link: bytes) -> Cid:
    """The CID of a link, of which its name and the size of what it leads to are not used."""
    targets = [_link(value) for number, value in _fields(link) if number == 1]
    if len(targets) != 1:
        raise UnixFsError(f"{cid} has a link with {len(targets)} targets")
    return targets[0]


def _file_content(cid: Cid, content: bytes) -> bytes:
    kind: int | None = None
    data = b""
    for number, value in _fields(content):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, bytes):
            data = value
    if kind not in {_TYPE_RAW, _TYPE_FILE}:
        what = _KIND_NAMES.get(kind, "of an unknown kind") if kind is not None else "not UnixFS"
        raise UnixFsError(f"{cid} is {what}, not a file")
    return data


def _link(value: bytes | int) -> Cid:
    if not isinstance(value, bytes):
        raise UnixFsError("a link that is not a CID")
    try:
        cid, end = read_cid(value, 0, len(value))
    except CidError as error:
        raise UnixFsError(f"a link that is not a CID we read: {error.reason}") from None
    if end != len(value):
        raise UnixFsError(f"a link of {len(value)} bytes, its CID has {end}")
    return cid


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The fields of one protobuf message: numbers and byte strings."""
    at = 0
    try:
        while at < len(data):
            tag, at = read_varint(data, at)
            match tag & 7:
                case 0:
                    number, at = read_varint(data, at)
                    yield tag >> 3, number
                case 2:
                    length, at = read_varint(data, at)
                    if at + length > len(data):
                        raise UnixFsError("a node is cut off")
                    yield tag >> 3, data[at : at + length]
                    at += length
                case kind:
                    raise UnixFsError(f"a field of wire type {kind} has no place in a node")
    except VarintError as error:
        raise UnixFsError(f"a node at {error}") from None
