"""The founding of an embedded mesh, and the members of one that was founded.

Rule: a mesh is founded in one turn, whole or not at all, by one process; keys that are missing or
not those of the members are named, and never made anew.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import BaseActor
from mesh.actors.machine import Machine
from mesh.actors.node import Node
from mesh.actors.node.settings import NodeSettings
from mesh.actors.stores import View
from mesh.actors.verifier import Verifier
from mesh.actors.verifier.rows import VerifierSettings
from mesh.adapters.sqlite_rows.store import SqliteStore
from mesh.config import Config
from mesh.core.fields import NodeId
from mesh.core.membership.founding import Founding, found_mesh
from mesh.core.membership.members import Members
from mesh.core.records.archive import Archive, MissingRecord
from mesh.core.records.membership import Genesis, Member, Membership, Role
from mesh.embedded.actors import Actors, Entropy, make_actors
from mesh.embedded.default_members import (
    GRANT_SECONDS,
    GRANT_UNITS,
    ISSUER,
    MESH_NAME,
    NODES,
    SUBMITTER,
    VERIFIERS,
    VERIFY_PPM,
)
from mesh.embedded.driving.turns import OpenTurn
from mesh.embedded.keyring import load, load_or_create
from mesh.embedded.process import DrivingProcess
from mesh.embedded.rows import FOUNDED, HOME, FoundedRow
from mesh.home import Home, remembered_mesh
from mesh.locks import actor_lock
from mesh.queries.reader import invalid_record, missing_block
from runtime.identity.keys import SigningKey
from runtime.identity.signed import RecordError
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.ledger import Refused
from runtime.tokens.token import ResourceType

FOUNDING: Final = "founding"
"""The lock of whoever founds a mesh."""
_ONLY: Final = 1


def founded_members(view: View, home: Home) -> Members | None:
    """The members of the mesh in a store; None before it is founded.

    Raises CommandError `mesh-lost` for the home of a mesh whose store holds none, and `block-…` or
    `record-invalid` where its first records are damaged.
    """
    row = view.rows(HOME, FOUNDED).get(_ONLY)
    if row is None:
        lost = remembered_mesh(home)
        if lost is None:
            return None
        raise CommandError(
            ExitCode.IDENTITY,
            "mesh-lost",
            f"{home.path} is the home of mesh {lost}, but {home.database} does not hold it",
            hint="restore the database from a copy, or found another mesh: name a new MESH_HOME",
        )
    blocks = view.blocks(HOME)
    try:
        return Members(
            genesis=Archive(None).get(blocks, Genesis, row.genesis),
            change=Archive(row.genesis).get(blocks, Membership, row.change),
        )
    except (MissingRecord, RecordError, CommandError) as error:
        raise _damaged(row, home, error) from None


def open_or_found(
    home: Home,
    config: Config,
    store: SqliteStore,
    machine: Machine,
    process: DrivingProcess,
    *,
    clock: Callable[[], Now],
    entropy: Entropy,
) -> tuple[Members, Archive, Actors]:
    """The members of the mesh in this store and their actors; the first use founds it, in one
    process.

    Raises CommandError as `founded_members`, and `key-…` for keys that are missing or not theirs.
    """

    def actors_of(members: Members) -> tuple[Members, Archive, Actors]:
        archive = Archive(members.mesh)
        process.actors = make_actors(
            members,
            lambda member: load(home.keys, member.name, member.member),
            archive=archive,
            config=config,
            machine=machine,
            entropy=entropy,
        )
        return members, archive, process.actors

    with store.view() as view:
        members = founded_members(view, home)
    if members is not None:
        return actors_of(members)
    with actor_lock(home, FOUNDING, wait=True):
        with store.view() as view:
            members = founded_members(view, home)
        if members is not None:
            return actors_of(members)
        founding = new_founding(home, clock().wall)
        made = actors_of(founding.members)
        with process.turns.turn() as opened:
            found(opened, made[2], founding)
            opened.settle()
    return made


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
    opened.command(HOME, lambda tx, now: _keep(tx, founding))
    for node, settings in zip(actors.nodes, _node_settings(), strict=True):
        opened.command(node.did, partial(_configure_node, node, settings))
    for verifier, given in zip(actors.verifiers, _verifier_settings(), strict=True):
        opened.command(verifier.did, partial(_configure_verifier, verifier, given))
    opened.command(actors.issuer.did, lambda tx, now: _grant(actors, tx, now))


def _found(actor: BaseActor, founding: Founding, tx: ActorTransaction, now: Now) -> None:
    actor.found(tx, founding.genesis, founding.change, founding.endorsements, now)


def _keep(tx: ActorTransaction, founding: Founding) -> None:
    for each in (founding.genesis, founding.change):
        tx.blocks.put(each.cid, each.block)
    tx.rows(FOUNDED).put(
        FoundedRow(only=_ONLY, genesis=founding.genesis.cid, change=founding.change.cid)
    )


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


def _damaged(row: FoundedRow, home: Home, error: Exception) -> CommandError:
    """The error of first records that are missing or not what they were."""
    match error:
        case CommandError():
            problem = error
        case MissingRecord():
            problem = missing_block(error.cid, error.kind)
        case RecordError():
            problem = invalid_record(Genesis, row.genesis, error)
        case _:
            raise AssertionError(error)
    problem.message = f"the genesis record of the mesh: {problem.message}"
    problem.hint = f"restore {home.database} from a copy, or found another with MESH_HOME"
    return problem
