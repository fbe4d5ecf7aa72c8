"""The actors of a home, one for each key: by the signed list of members.

Rule: each is given its own key and nobody else's; a key that is missing or not that member's is
named, and never made anew; the archive that they share holds no rows.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from mesh.actors.actor import Actor
from mesh.actors.base import BaseActor
from mesh.actors.issuer.issuer import Issuer
from mesh.actors.machine import Machine
from mesh.actors.node.node import Node
from mesh.actors.submitter.actor import Submitter
from mesh.actors.submitter.journal import Settings
from mesh.actors.verifier.verifier import Verifier
from mesh.core.membership.members import Members
from mesh.core.records.archive import Archive
from mesh.core.records.membership import Member
from mesh.embedded.founding.identities import Entropy, Identities
from mesh.embedded.founding.keyring import load
from mesh.home.config import Config
from mesh.home.home import Home
from runtime.content.did import Did
from runtime.execution.context import Limits
from runtime.identity.keys import SigningKey
from runtime.sandbox.request import Side

LEASE_MS: Final = 3_000
"""How long an executor or verifier may be silent: on one machine nothing is under way longer."""


class Actors(Struct, frozen=True, kw_only=True):
    """All actors of a home."""

    submitter: Submitter
    issuer: Issuer
    nodes: tuple[Node, ...]
    verifiers: tuple[Verifier, ...]

    def __iter__(self) -> Iterator[BaseActor]:
        """In the order in which they are driven: those who give signs of life before those who
        count how long there was none."""
        yield from self.nodes
        yield from self.verifiers
        yield self.issuer
        yield self.submitter

    @property
    def by_did(self) -> Mapping[Did, Actor]:
        return {each.did: each for each in self}

    def sides(self) -> Mapping[Did, Side]:
        """For whom those that execute do so."""
        sides = dict.fromkeys((each.did for each in self.nodes), Side.EXECUTOR)
        return sides | dict.fromkeys((each.did for each in self.verifiers), Side.VERIFIER)


def home_actors(
    members: Members,
    archive: Archive,
    home: Home,
    config: Config,
    machine: Machine,
    entropy: Entropy,
) -> Actors:
    """The actors of all members, with the keys of a home. Raises CommandError `key-…`: one is
    missing, or is not that member's."""
    return make_actors(
        members,
        lambda each: load(home.keys, each.name, each.member),
        archive=archive,
        config=config,
        machine=machine,
        entropy=entropy,
    )


def make_actors(
    members: Members,
    key_of: Callable[[Member], SigningKey],
    *,
    archive: Archive,
    config: Config,
    machine: Machine,
    entropy: Entropy,
) -> Actors:
    """The actors of all members, whose keys are here. Raises what `key_of` raises."""
    keys = {each.member: key_of(each) for each in members.change.body.members}
    listed = Identities.of(members)
    return Actors(
        submitter=Submitter(
            key=keys[listed.submitter], archive=archive, entropy=entropy, settings=_settings(config)
        ),
        issuer=Issuer(
            key=keys[listed.issuer],
            archive=archive,
            entropy=entropy,
            lease_ms=LEASE_MS,
            presence_seconds=None,
        ),
        nodes=tuple(
            Node(key=keys[each], archive=archive, entropy=entropy, machine=machine, beats=False)
            for each in listed.nodes
        ),
        verifiers=tuple(
            Verifier(key=keys[each], archive=archive, entropy=entropy, machine=machine, beats=False)
            for each in listed.verifiers
        ),
    )


def _settings(config: Config) -> Settings:
    """What the operator of this home sets for its jobs."""
    return Settings(
        bid_window_seconds=config.bid_window_seconds,
        job_seconds=config.job_seconds,
        presence_seconds=None,
        allowed=Limits(
            fuel=0,
            input_bytes=config.input_bytes,
            output_bytes=config.output_bytes,
            log_bytes=config.log_bytes,
            effects=config.effects,
        ),
        module_bytes=config.module_bytes,
        memory_bytes=config.memory_bytes,
        description_bytes=config.description_bytes,
        token_chain=config.token_chain,
        bids_per_job=config.bids_per_job,
    )
