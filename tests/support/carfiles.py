"""Files of other systems for tests: dag-pb nodes, UnixFS files, CAR files, written by hand."""

import hashlib

from runtime.content.cid import Cid, Codec, Hash
from runtime.content.codec import encode


def varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def message(*fields: tuple[int, bytes | int]) -> bytes:
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts.append(varint(number << 3) + varint(value))
        else:
            parts.append(varint(number << 3 | 2) + varint(len(value)) + value)
    return b"".join(parts)


def sha_cid(codec: Codec, data: bytes) -> Cid:
    return Cid(bytes((1, codec, Hash.SHA2_256, 32)) + hashlib.sha256(data).digest())


def leaf(data: bytes) -> tuple[Cid, bytes]:
    node = message((1, message((1, 2), (2, data), (3, len(data)))))
    return sha_cid(Codec.DAG_PB, node), node


def chunked(pieces: list[bytes], *, version_0: bool = False) -> tuple[Cid, dict[Cid, bytes]]:
    blocks = dict(leaf(piece) for piece in pieces)
    links = []
    for piece in pieces:
        cid, _ = leaf(piece)
        name = cid.raw[2:] if version_0 else cid.raw
        links.append((2, message((1, name), (2, b""), (3, len(piece)))))
    sizes = [(4, len(piece)) for piece in pieces]
    root = message(*links, (1, message((1, 2), (3, sum(map(len, pieces))), *sizes)))
    root_cid = sha_cid(Codec.DAG_PB, root)
    return root_cid, {**blocks, root_cid: root}


def car(roots: list[Cid], blocks: dict[Cid, bytes], *, version_0: bool = False) -> bytes:
    header = encode({"version": 1, "roots": roots})
    out = varint(len(header)) + header
    for cid, data in blocks.items():
        name = cid.raw[2:] if version_0 and cid.codec is Codec.DAG_PB else cid.raw
        out += varint(len(name) + len(data)) + name + data
    return out
