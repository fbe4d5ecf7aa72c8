"""The actor of a verifier: one key that executes again and attests. It anchors nothing.

Rule: it cannot contradict itself, even from an old copy of its store. What it signs for a slot
follows from the hold, its key and the result alone: the nonce of a seal is derived, an attestation
names the engine of the bid, and executing again gives the same result; its profile is numbered by
the clock. (A machine that computes differently each time is at fault, and provably so.)
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.base import Handler
from mesh.actors.executions import Outcome
from mesh.actors.profiles import publish, take_credential, take_revocation
from mesh.actors.verifier.duties import finish, take_draw, take_opening
from mesh.actors.verifier.endings import take_answer, take_settlement
from mesh.actors.verifier.rows import NUMBER, SETTINGS, SettingsRow, VerifierSettings
from mesh.actors.workers import Worker
from mesh.core.fields import MICRO
from mesh.core.records.market import Credential, NodeProfile
from mesh.core.records.settlement import Answer, Revocation, Settlement
from mesh.core.records.terms import Capability
from mesh.core.records.work import Draw, Opening
from runtime.content.cid import Cid
from runtime.content.shapes import ShapeError
from runtime.content.typed import to_value


class SettingsRefusal(Enum):
    """Why settings of an operator are not taken."""

    OUT_OF_RANGE = "a setting is out of its range"


class Verifier(Worker):
    """A verifier."""

    handlers: ClassVar[Mapping[type[Any], Handler]] = {
        Draw: take_draw,
        Opening: take_opening,
        Settlement: take_settlement,
        Answer: take_answer,
        Credential: take_credential,
        Revocation: take_revocation,
    }

    def configure(
        self, tx: ActorTransaction, settings: VerifierSettings, now: Now
    ) -> SettingsRefusal | None:
        """Take an operator's settings, and publish what changes by them."""
        try:
            to_value(settings)
        except ShapeError:
            return SettingsRefusal.OUT_OF_RANGE
        tx.rows(SETTINGS).put(SettingsRow(number=NUMBER, settings=settings))
        self.publish(tx, now)
        return None

    def finish(self, tx: ActorTransaction, outcome: Outcome, now: Now) -> None:
        finish(self, tx, outcome, now)

    def publish(self, tx: ActorTransaction, now: Now) -> Instant | None:
        row = tx.rows(SETTINGS).get(NUMBER)
        if row is None:
            return None
        settings, machine = row.settings, self.machine
        declared = tuple(
            Capability(name=each.name, amount=each.amount, text=each.text)
            for each in settings.capabilities
        )

        def describe(sequence: int, credentials: tuple[Cid, ...]) -> NodeProfile:
            return NodeProfile(
                node_id=settings.node_id,
                sequence=sequence,
                location=settings.location,
                capabilities=(*machine.capabilities, *declared),
                memory_bytes=machine.resources.memory_bytes,
                cpu_cores=machine.resources.cpu_cores,
                storage_bytes=machine.resources.storage_bytes,
                rates={},
                surcharge_ppm=0,
                share_ppm=MICRO,
                running_max=1,
                accepted_issuers=(),
                credentials=credentials,
                engine=machine.engine,
            )

        return publish(self, tx, describe, beats=self.beats, now=now)
