"""Identifiers that members compute alike: job ids, hold ids, execution seeds."""

from typing import Final

from blake3 import blake3

from mesh.core.fields import JobId
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.tokens.transfers import TransferId

RANDOM_BYTES: Final = 10
_MILLISECONDS_MAX: Final = (1 << 48) - 1


def new_job_id(now_ms: int, random: bytes) -> JobId:
    """A UUID of version 7 from Unix milliseconds and 10 random bytes (RFC 9562, 5.7)."""
    assert len(random) == RANDOM_BYTES, "a job id takes ten random bytes"
    assert 0 <= now_ms <= _MILLISECONDS_MAX, "a UUID holds 48 bits of milliseconds"
    noise = int.from_bytes(random, "big")
    number = now_ms << 80
    number |= 0x7 << 76 | (noise >> 62 & 0xFFF) << 64
    number |= 0b10 << 62 | noise & ((1 << 62) - 1)
    text = f"{number:032x}"
    return JobId("-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])))


def hold_id(job: Cid, attempt: int) -> TransferId:
    """The ledger's id of the hold for one attempt at a job (by its manifest's CID)."""
    return TransferId(_hash(b"hold", job.raw, attempt.to_bytes(8, "big")))


def issue_id(token: Cid) -> TransferId:
    """The ledger's id of the issue that a root token stands for."""
    return TransferId(_hash(b"issue", token.raw))


def transfer_id(payer: Did, cause: Cid, position: int) -> TransferId:
    """The ledger's id of one item of a payer's transfer for a cause."""
    return TransferId(_hash(b"transfer", payer.encode(), cause.raw, position.to_bytes(8, "big")))


def followed_job_id(job: Cid, position: int, settled_at: int) -> JobId:
    """The id of the job that the effect at `position` of a settled job asks for."""
    noise = _hash(b"followed", job.raw, position.to_bytes(8, "big"))
    return new_job_id(settled_at * 1000, noise[:RANDOM_BYTES])


def execution_seed(job: Cid, submitter: Did) -> bytes:
    """The 32 bytes a program draws its random numbers from: the same in every attempt."""
    return _hash(b"seed", job.raw, submitter.encode())


def _hash(purpose: bytes, *parts: bytes) -> bytes:
    body = b"".join(len(part).to_bytes(8, "big") + part for part in (purpose, *parts))
    return blake3(b"icn-mesh/1\0" + body).digest()
