"""The actor of a node: one key that bids, executes, and signs receipts and anchors."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.base import Handler
from mesh.actors.executions import Outcome
from mesh.actors.node.attempts import finish, take_hold
from mesh.actors.node.bidding import forget_offers, take_manifest
from mesh.actors.node.core import NodeCore
from mesh.actors.node.delivery import take_draw, take_opening
from mesh.actors.node.endings import take_anchor, take_answer, take_settlement
from mesh.actors.node.rows import NUMBER, SETTINGS, SettingsRow
from mesh.actors.node.settings import NodeSettings
from mesh.actors.profiles import publish, take_credential, take_revocation
from mesh.core.records.jobs import JobManifest
from mesh.core.records.market import Credential, NodeProfile
from mesh.core.records.settlement import Answer, Revocation, Settlement
from mesh.core.records.terms import CONSTRAINTS_MAX
from mesh.core.records.work import Anchor, Draw, Hold, Opening
from runtime.content.cid import Cid
from runtime.content.shapes import ShapeError
from runtime.content.typed import to_value


class SettingsRefusal(Enum):
    """Why settings of an operator are not taken."""

    OUT_OF_RANGE = "a setting is out of its range"
    TOO_MANY_CAPABILITIES = "more capabilities than a profile holds"


class Node(NodeCore):
    """A node."""

    handlers: ClassVar[Mapping[type[Any], Handler]] = {
        JobManifest: take_manifest,
        Hold: take_hold,
        Draw: take_draw,
        Opening: take_opening,
        Settlement: take_settlement,
        Answer: take_answer,
        Anchor: take_anchor,
        Credential: take_credential,
        Revocation: take_revocation,
    }

    def configure(
        self, tx: ActorTransaction, settings: NodeSettings, now: Now
    ) -> SettingsRefusal | None:
        """Take an operator's settings, and publish what changes by them."""
        try:
            to_value(settings)
        except ShapeError:
            return SettingsRefusal.OUT_OF_RANGE
        if len(self.machine.capabilities) + len(settings.capabilities) > CONSTRAINTS_MAX:
            return SettingsRefusal.TOO_MANY_CAPABILITIES
        tx.rows(SETTINGS).put(SettingsRow(number=NUMBER, settings=settings))
        self.publish(tx, now)
        return None

    def tick(self, tx: ActorTransaction, now: Now) -> Instant | None:
        forget_offers(tx, now)
        return super().tick(tx, now)

    def finish(self, tx: ActorTransaction, outcome: Outcome, now: Now) -> None:
        finish(self, tx, outcome, now)

    def publish(self, tx: ActorTransaction, now: Now) -> Instant | None:
        if tx.rows(SETTINGS).get(NUMBER) is None:
            return None

        def describe(sequence: int, credentials: tuple[Cid, ...]) -> NodeProfile:
            settings, resources = self.settings(tx), self.resources(tx)
            return NodeProfile(
                node_id=settings.node_id,
                sequence=sequence,
                location=settings.location,
                capabilities=self.capabilities(tx),
                memory_bytes=resources.memory_bytes,
                cpu_cores=resources.cpu_cores,
                storage_bytes=resources.storage_bytes,
                rates=settings.rates,
                surcharge_ppm=settings.surcharge_ppm,
                share_ppm=settings.share_ppm,
                running_max=settings.running_max,
                accepted_issuers=settings.accepted_issuers,
                credentials=credentials,
                engine=self.machine.engine,
            )

        return publish(self, tx, describe, beats=self.beats, now=now)
