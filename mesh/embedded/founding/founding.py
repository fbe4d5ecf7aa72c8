"""The founding of an embedded mesh.

Rule: a mesh is founded in one turn, whole or not at all, by one process.
"""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Final

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import BaseActor
from mesh.actors.node.node import Node
from mesh.actors.node.settings import NodeSettings
from mesh.actors.verifier.rows import VerifierSettings
from mesh.actors.verifier.verifier import Verifier
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.core.fields import NodeId
from mesh.core.membership.founding import Founding, found_mesh
from mesh.core.membership.members import Members
from mesh.core.records.archive import Archive
from mesh.core.records.membership import Genesis, Member, Role
from mesh.embedded.driving.turns import OpenTurn
from mesh.embedded.founding.actors import Actors, home_actors
from mesh.embedded.founding.default_members import (
    GRANT_SECONDS,
    GRANT_UNITS,
    ISSUER,
    MESH_NAME,
    NODES,
    SUBMITTER,
    VERIFIERS,
    VERIFY_PPM,
)
from mesh.embedded.founding.founded import founded_members, keep_members
from mesh.embedded.founding.identities import Entropy
from mesh.embedded.founding.keyring import load_or_create
from mesh.embedded.machine.sandboxed import LocalSandbox
from mesh.embedded.process import DrivingProcess
from mesh.embedded.rows import HOME
from mesh.home.config import Config
from mesh.home.home import Home
from mesh.home.locks import actor_lock
from runtime.identity.keys import SigningKey
from runtime.tokens.ledger import Refused
from runtime.tokens.token import ResourceType

FOUNDING: Final = "founding"
"""The lock of whoever founds a mesh."""


def found_once(
    home: Home,
    config: Config,
    store: SqliteStore,
    *,
    clock: Callable[[], Now],
    entropy: Entropy,
) -> Members:
    """Found the mesh of this store, unless another process just did; its members.

    Raises CommandError as `founded_members`, and `key-…` for keys that are not theirs.
    """
    with actor_lock(home, FOUNDING, wait=True):
        with store.view() as view:
            members = founded_members(view, home)
        if members is not None:
            return members
        founding = new_founding(home, clock().wall)
        members = founding.members
        local = LocalSandbox(home, config)
        archive = Archive(members.mesh)
        actors = home_actors(members, archive, home, config, local.machine, entropy)
        process = DrivingProcess(home, config, store, actors, local, clock)
        with closing(process), process.turns.turn() as opened:
            found(opened, actors, founding)
            opened.settle()
    return members


def new_founding(home: Home, now: int) -> Founding:
    """The first records of a mesh, signed by its issuer; all its keys are made where they are not
    there yet. Raises CommandError `key-…`."""
    issuer = load_or_create(home.keys, ISSUER)

    def member(name: NodeId, role: Role, key: SigningKey) -> Member:
        return Member(member=key.did, name=name, cooperative=name, roles=(role,), expires_at=None)

    named = ((SUBMITTER, Role.SUBMITTER), *((each.node_id, Role.NODE) for each in NODES))
    named += tuple((each.node_id, Role.VERIFIER) for each in VERIFIERS)
    members = (
        member(ISSUER, Role.ISSUER, issuer),
        *(member(name, role, load_or_create(home.keys, name)) for name, role in named),
    )
    genesis = Genesis(
        name=MESH_NAME,
        created_at=now,
        founders=(issuer.did,),
        threshold=1,
        limits={},
        quorum=1,
        sealed=False,
        verify_ppm=VERIFY_PPM,
    )
    return found_mesh(genesis, members, (issuer,))


def found(opened: OpenTurn, actors: Actors, founding: Founding) -> None:
    """Give each actor the members, its settings, and the submitter its first units."""
    for actor in actors:
        opened.command(actor.did, partial(_found, actor, founding))
    opened.command(HOME, lambda tx, now: keep_members(tx, founding))
    for node, settings in zip(actors.nodes, _node_settings(), strict=True):
        opened.command(node.did, partial(_configure_node, node, settings))
    for verifier, given in zip(actors.verifiers, _verifier_settings(), strict=True):
        opened.command(verifier.did, partial(_configure_verifier, verifier, given))
    opened.command(actors.issuer.did, lambda tx, now: _grant(actors, tx, now))


def _found(actor: BaseActor, founding: Founding, tx: ActorTransaction, now: Now) -> None:
    actor.found(tx, founding.genesis, founding.change, founding.endorsements, now)


def _configure_node(node: Node, settings: NodeSettings, tx: ActorTransaction, now: Now) -> None:
    refusal = node.configure(tx, settings, now)
    assert refusal is None, f"the first settings are in range: {refusal}"


def _configure_verifier(
    verifier: Verifier, settings: VerifierSettings, tx: ActorTransaction, now: Now
) -> None:
    refusal = verifier.configure(tx, settings, now)
    assert refusal is None, f"the first settings are in range: {refusal}"


def _node_settings() -> tuple[NodeSettings, ...]:
    return tuple(
        NodeSettings(
            node_id=each.node_id,
            location=each.location,
            rates={ResourceType.COMPUTE.value: each.rate_micro},
            surcharge_ppm=each.surcharge_ppm,
            share_ppm=each.share_ppm,
            running_max=each.running_max,
            memory_bytes=each.memory_bytes,
            cpu_cores=each.cpu_cores,
            storage_bytes=each.storage_bytes,
        )
        for each in NODES
    )


def _verifier_settings() -> tuple[VerifierSettings, ...]:
    return tuple(
        VerifierSettings(node_id=each.node_id, location=each.location) for each in VERIFIERS
    )


def _grant(actors: Actors, tx: ActorTransaction, now: Now) -> None:
    granted = actors.issuer.issue_token(
        tx,
        owner=actors.submitter.did,
        resource_type=ResourceType.COMPUTE,
        amount=GRANT_UNITS,
        expires_at=now.wall + GRANT_SECONDS,
        now=now,
    )
    assert not isinstance(granted, Refused), f"an issuer's first units: {granted}"
