"""A verifier's common parts: its key, and the machine that it executes on."""

from collections.abc import Callable

from mesh.actors.base import BaseActor
from mesh.actors.machine import Machine
from mesh.core.records.archive import Archive
from runtime.identity.keys import SigningKey


class VerifierCore(BaseActor):
    """A verifier, without what it does about each record. beats: whether its profile is sent as a
    beat, since presence counts in its mesh."""

    def __init__(
        self,
        *,
        key: SigningKey,
        archive: Archive,
        entropy: Callable[[int], bytes],
        machine: Machine,
        beats: bool,
    ) -> None:
        super().__init__(key=key, archive=archive, entropy=entropy)
        self.machine = machine
        self.beats = beats
