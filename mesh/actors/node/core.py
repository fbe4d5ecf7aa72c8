"""A node's common parts: its settings, its machine, and the issuers whose holds it takes."""

from mesh.actors.actor import ActorTransaction
from mesh.actors.machine import Resources
from mesh.actors.node.rows import NUMBER, SETTINGS
from mesh.actors.node.settings import NodeSettings
from mesh.actors.workers import Worker
from mesh.core.records.membership import Role
from mesh.core.records.terms import Capability
from runtime.content.did import Did


class NodeCore(Worker):
    """A node, without what it does about each record."""

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


def _least(has: int, allowed: int | None) -> int:
    return has if allowed is None else min(has, allowed)


def _declared(capability: Capability) -> Capability:
    """An operator's word proves nothing, whatever it says of itself."""
    return Capability(name=capability.name, amount=capability.amount, text=capability.text)
