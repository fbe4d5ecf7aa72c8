"""A mesh that its issuer has founded, over a store in memory, with a clock that is set by hand."""

from abc import abstractmethod

from blake3 import blake3
from msgspec.structs import replace

from issuing.records import LEASE_MS, WALL, RecordMaker
from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.base import BaseActor
from mesh.actors.issuer.issuer import Issuer
from mesh.adapters.inmemory.store import MemoryStore
from mesh.core.membership.founding import found_mesh
from mesh.core.records.archive import Archive
from mesh.core.records.membership import Genesis, Member
from runtime.identity.keys import SigningKey


class FoundedMesh(RecordMaker):
    """Its store, archive and issuer, whose key is the only founder."""

    issuer_key: SigningKey

    def found(
        self,
        members: tuple[Member, ...],
        *,
        sealed: bool,
        quorum: int = 2,
        verify_ppm: int = 150_000,
        presence_seconds: int | None = None,
    ) -> None:
        """presence_seconds: of the issuer; None: all verifiers count as present."""
        self.now = Now(wall=WALL, monotonic=Instant(1_000_000), boot="first")
        genesis = Genesis(
            name="test",
            created_at=WALL,
            founders=(self.issuer_key.did,),
            threshold=1,
            limits={},
            quorum=quorum,
            sealed=sealed,
            verify_ppm=verify_ppm,
        )
        self.founding = found_mesh(genesis, members, (self.issuer_key,))
        self.mesh = self.founding.genesis.cid
        self.is_sealed = sealed
        self.archive = Archive(self.mesh)
        self.store = MemoryStore()
        self._random = 0
        self.issuer = Issuer(
            key=self.issuer_key,
            archive=self.archive,
            entropy=self.entropy,
            lease_ms=LEASE_MS,
            presence_seconds=presence_seconds,
        )

    def begin(self, tx: ActorTransaction, actor: BaseActor) -> None:
        """Have an actor know its mesh."""
        founding = self.founding
        actor.found(tx, founding.genesis, founding.change, founding.endorsements, self.now)

    def entropy(self, count: int) -> bytes:
        self._random += 1
        return blake3(self._random.to_bytes(8, "big")).digest(length=count)

    # --- time

    @abstractmethod
    def tick(self) -> Instant | None:
        """Drive the actors."""

    def wait(self, milliseconds: int, *, step: int = LEASE_MS // 3) -> None:
        """Let time go by, with the actors driven as often as an issuer asks for."""
        while milliseconds > 0:
            part = min(step, milliseconds)
            milliseconds -= part
            self.skip(part)
            self.tick()

    def skip(self, milliseconds: int) -> None:
        """Let time go by without driving anybody."""
        before = self.now
        wall = before.wall + (before.monotonic + milliseconds) // 1000 - before.monotonic // 1000
        self.now = replace(before, monotonic=before.after(milliseconds), wall=wall)
