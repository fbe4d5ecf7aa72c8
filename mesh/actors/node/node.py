"""The actor of a node: one key that bids, executes, and signs receipts and anchors."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, ClassVar

from mesh.actors import executions
from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.base import BaseActor, Handler
from mesh.actors.machine import Machine, Resources
from mesh.actors.node.attempts import finish, take_hold
from mesh.actors.node.bidding import forget_offers, take_manifest
from mesh.actors.node.delivery import take_draw, take_opening
from mesh.actors.node.endings import take_anchor, take_answer, take_settlement
from mesh.actors.node.rows import NUMBER, SETTINGS, SettingsRow
from mesh.actors.node.settings import NodeSettings
from mesh.actors.profiles import publish, take_credential, take_revocation
from mesh.core.ports.work import WorkId, WorkResult
from mesh.core.records.archive import Archive
from mesh.core.records.jobs import JobManifest
from mesh.core.records.market import Credential, NodeProfile
from mesh.core.records.membership import Role
from mesh.core.records.settlement import Answer, Revocation, Settlement
from mesh.core.records.terms import CONSTRAINTS_MAX, Capability
from mesh.core.records.work import Anchor, Draw, Hold, Opening
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import ShapeError
from runtime.content.typed import to_value
from runtime.identity.keys import SigningKey


class SettingsRefusal(Enum):
    """Why settings of an operator are not taken."""

    OUT_OF_RANGE = "a setting is out of its range"
    TOO_MANY_CAPABILITIES = "more capabilities than a profile holds"


class Node(BaseActor):
    """A node. beats: whether its profile is sent as a beat, since presence counts in its mesh."""

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

    # --- commands

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
        self._publish(tx, now)
        return None

    # --- the actor

    def tick(self, tx: ActorTransaction, now: Now) -> Instant | None:
        forget_offers(tx, now)
        deadline, lost = executions.tick(self, tx, now)
        for each in lost:
            finish(self, tx, each, now)
        deadlines = [each for each in (deadline, self._publish(tx, now)) if each is not None]
        return min(deadlines, default=None)

    def finished(self, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now) -> None:
        outcome = executions.finished(self, tx, work, result, now)
        if outcome is not None:
            finish(self, tx, outcome, now)

    # --- what it knows of itself

    def settings(self, tx: ActorTransaction) -> NodeSettings:
        row = tx.rows(SETTINGS).get(NUMBER)
        assert row is not None, "a node is configured when it is made"
        return row.settings

    def resources(self, tx: ActorTransaction) -> Resources:
        """What the machine has, within the operator's settings."""
        settings, has = self.settings(tx), self.machine.resources
        return Resources(
            memory_bytes=_least(has.memory_bytes, settings.memory_bytes),
            cpu_cores=_least(has.cpu_cores, settings.cpu_cores),
            storage_bytes=_least(has.storage_bytes, settings.storage_bytes),
        )

    def capabilities(self, tx: ActorTransaction) -> tuple[Capability, ...]:
        """Probed ones, and those that are only declared: a probe counts more."""
        probed = self.machine.capabilities
        names = {each.name for each in probed}
        declared = (each for each in self.settings(tx).capabilities if each.name not in names)
        return tuple(
            sorted((*probed, *(_declared(each) for each in declared)), key=lambda each: each.name)
        )

    def issuers(self, tx: ActorTransaction, at: int) -> frozenset[Did]:
        return frozenset(each.member for each in self.members(tx).with_role(Role.ISSUER, at))

    def accepted_issuers(self, tx: ActorTransaction, at: int) -> frozenset[Did]:
        """The issuers whose holds it takes."""
        named = self.settings(tx).accepted_issuers
        of_mesh = self.issuers(tx, at)
        return of_mesh & frozenset(named) if named else of_mesh

    def _publish(self, tx: ActorTransaction, now: Now) -> Instant | None:
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


def _least(has: int, allowed: int | None) -> int:
    return has if allowed is None else min(has, allowed)


def _declared(capability: Capability) -> Capability:
    """An operator's word proves nothing, whatever it says of itself."""
    return Capability(name=capability.name, amount=capability.amount, text=capability.text)
