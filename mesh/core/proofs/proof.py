"""One file that proves what became of a hold: its records and data, as a CAR whose root it is.

Everything needed to check it is inside: genesis and changes of the members, the signed records, the
context, the eligible verifiers, the results, and the blocks that `contents` lists. Reading hashes
every block again; `check` says what is wrong.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, field

from mesh.core.car.files import car_parts
from mesh.core.findings import Fault, Finding
from mesh.core.membership.members import Members
from mesh.core.proofs.contents import (
    INPUT,
    MODULE,
    Contents,
    Fetch,
    Ignored,
    Missing,
    Walk,
    token_chain,
)
from mesh.core.proofs.membership import Change, members_of
from mesh.core.records.jobs import Award, Cancel, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.membership import Genesis
from mesh.core.records.registry import read_as
from mesh.core.records.settlement import Policy, Settlement
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Opening, Receipt, Seal
from mesh.core.verification.results import read_result
from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceToken

ELIGIBLE: Final = "eligible list"
RESULT: Final = "result"
EFFECTS: Final = "effects"


class Origin(Struct, frozen=True, kw_only=True):
    """Where a job comes from that another job's program has submitted. parents: the manifests that
    it descends from, the nearest first; the others are of the nearest one's verified attempt."""

    parents: tuple[Signed[JobManifest], ...]
    hold: Signed[Hold]
    settlement: Signed[Settlement]
    receipt: Signed[Receipt]

    @property
    def records(self) -> tuple[Signed[Any], ...]:
        return (*self.parents, self.hold, self.settlement, self.receipt)


class Proof(Struct, frozen=True, kw_only=True):
    """The records of one hold. data: the blocks that they speak of, as far as held.

    changes: all changes of the members up to that of the hold, the first one first. receipt,
    anchor, opening, settlement, cancel: None where there is none. policies: of the issuer, that
    were in force. origin: of a job that has a parent, as far as it is here. rivals: other records
    of their signers for the same slot, in a file that holds two. ignored: the rest of the file.
    """

    genesis: Signed[Genesis]
    changes: tuple[Change, ...]
    manifest: Signed[JobManifest]
    bid: Signed[Bid]
    award: Signed[Award]
    context: Context
    hold: Signed[Hold]
    receipt: Signed[Receipt] | None
    anchor: Signed[Anchor] | None
    draws: tuple[Signed[Draw], ...]
    opening: Signed[Opening] | None
    seals: tuple[Signed[Seal], ...]
    attestations: tuple[Signed[Attestation], ...]
    cancel: Signed[Cancel] | None
    settlement: Signed[Settlement] | None
    policies: tuple[Signed[Policy], ...] = ()
    origin: Origin | None = None
    data: Mapping[Cid, bytes] = field(default_factory=dict)
    rivals: tuple[Signed[Any], ...] = ()
    ignored: tuple[Ignored, ...] = ()

    @property
    def records(self) -> tuple[Signed[Any], ...]:
        """Every signed record but the tokens, which are data; the root first."""
        of_members = [
            record for each in self.changes for record in (each.change, *each.endorsements)
        ]
        ones = (
            *(self.hold, self.genesis, *of_members, self.manifest, self.bid, self.award),
            *(self.receipt, self.anchor, *self.draws, self.opening, *self.seals),
            *(*self.attestations, self.cancel, self.settlement, *self.policies),
            *(() if self.origin is None else self.origin.records),
            *self.rivals,
        )
        return tuple(each for each in ones if each is not None)

    @property
    def blocks(self) -> Iterator[tuple[Cid, bytes]]:
        """Every block of the proof, records first."""
        yield from ((each.cid, each.block) for each in self.records)
        yield self.context.cid, self.context.to_block()
        yield from self.data.items()

    @property
    def members(self) -> Members:
        return members_of(self.genesis, self.changes)

    @property
    def result(self) -> Deterministic | None:
        """The executor's result; None where there is no receipt, or its block is not here."""
        return self._result_from(self.data.get)

    @property
    def tokens(self) -> tuple[Signed[ResourceToken], ...]:
        """The tokens that pay, leaf first, as far as they are held."""
        return token_chain(self.manifest.body.resource_token, self.data.get, read_token)

    @property
    def missing(self) -> tuple[Missing, ...]:
        """The blocks that it speaks of and does not hold."""
        return self.contents(self.data.get).missing

    def contents(self, fetch: Fetch) -> Contents:
        """The blocks that it speaks of, of those that `fetch` gives."""
        manifest = self.manifest.body
        walk = Walk(fetch)
        walk.surroundings(self.context)
        walk.file(MODULE, manifest.module)
        if manifest.input is not None:
            walk.file(INPUT, manifest.input)
        walk.take(ELIGIBLE, self.hold.body.eligible)
        for cid in self._results():
            walk.take(RESULT, cid)
        result = self._result_from(fetch)
        if result is not None:
            walk.result(result)
        if manifest.ccl is not None:
            walk.take_if_held(manifest.ccl)
        if self.origin is not None:
            parent = walk.take(RESULT, self.origin.receipt.body.deterministic)
            made = None if parent is None else result_in(parent)
            if made is not None and made.effects is not None:
                walk.take(EFFECTS, made.effects)
        token_chain(manifest.resource_token, walk.take_if_held, read_token)
        return walk.contents

    def _results(self) -> Iterator[Cid]:
        if self.receipt is not None:
            yield self.receipt.body.deterministic
        yield from (each.body.deterministic for each in self.attestations)

    def _result_from(self, fetch: Fetch) -> Deterministic | None:
        block = None if self.receipt is None else fetch(self.receipt.body.deterministic)
        # Where it is no result, verification finds that it is missing.
        return None if block is None else result_in(block)


def result_in(block: bytes) -> Deterministic | None:
    """The result in a block; None where it is none."""
    try:
        return read_result(block)
    except CodecError:
        return None


def write_parts(proof: Proof) -> Iterator[bytes]:
    """The file, part by part. The same proof gives the same bytes."""
    return car_parts((proof.hold.cid,), proof.blocks)


def to_car(proof: Proof) -> bytes:
    """As `write_parts`, in memory."""
    return b"".join(write_parts(proof))


def read_token(block: bytes) -> Signed[ResourceToken]:
    return read_as(ResourceToken, block, None)


def unreadable(subject: str, detail: str) -> Finding:
    return Finding(fault=Fault.UNREADABLE, subject=subject, detail=detail)
