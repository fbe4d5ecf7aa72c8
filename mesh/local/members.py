"""The members of an embedded mesh: their keys, their profiles, and how it is founded.

Rule: a mesh is founded in one transaction, whole or not at all; a second founder finds it done.
"""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from mesh.adapters.sqlite import SqliteStore, SqliteTransaction
from mesh.core.fields import MICRO, NodeId
from mesh.core.ids import issue_id
from mesh.federation import SECRET_BYTES, commitment_of
from mesh.home import Home, remembered_mesh
from mesh.local.archive import Archive
from mesh.local.keyring import load, load_or_create
from mesh.local.roster import (
    FEDERATION,
    GRANT_SECONDS,
    GRANT_UNITS,
    ISSUER,
    MESH_NAME,
    NODES,
    SUBMITTER,
    FederationSetup,
    NodeSetup,
)
from mesh.locks import actor_lock
from mesh.records import Engine, Genesis, NodeProfile
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.typed import from_value, to_value
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed, sign
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.ledger import Refused, decide
from runtime.tokens.token import NONCE_BYTES, ResourceToken, ResourceType
from runtime.tokens.transfers import Issue

GENESIS: Final = "genesis"
PROFILE: Final = "profile/"
FOUNDING: Final = "founding"
NODE: Final = "node/"
SECRET: Final = "secret/"
TOKEN: Final = "token/"
"""Names and prefixes of settings."""

Entropy = Callable[[int], bytes]


class NodeSettings(Struct, frozen=True, kw_only=True):
    """What a node knows of itself besides its public profile.

    running_max: attempts it takes at once.
    """

    running_max: int = 1024


class Member(Struct, frozen=True, kw_only=True):
    """A node or a federation node: the name of its key is its node id."""

    node_id: NodeId
    key: SigningKey

    @property
    def did(self) -> Did:
        return self.key.did


class Members(Struct, frozen=True, kw_only=True):
    """Everyone, by role. All keys are local."""

    genesis: Signed[Genesis]
    submitter: SigningKey
    issuer: SigningKey
    nodes: tuple[Member, ...]
    federation: tuple[Member, ...]

    @property
    def mesh(self) -> Cid:
        return self.genesis.cid

    def key_of(self, did: Did) -> SigningKey:
        """The private key behind a DID of this mesh."""
        keys = (self.submitter, self.issuer, *(m.key for m in (*self.nodes, *self.federation)))
        return next(key for key in keys if key.did == did)

    def name_of(self, did: Did) -> str:
        """What people call a member: its node id or its role."""
        for member in (*self.nodes, *self.federation):
            if member.did == did:
                return member.node_id
        return {self.submitter.did: SUBMITTER, self.issuer.did: ISSUER}.get(did, did)


def load_or_found(
    store: SqliteStore, home: Home, engine: Engine, *, clock: Callable[[], int], entropy: Entropy
) -> Members:
    """The members of the mesh in this store; the first use founds it, in one process.

    Raises CommandError as `load_members`.
    """
    with store.read() as tx:
        members = load_members(tx, home)
    if members is not None:
        return members
    with actor_lock(home, FOUNDING, wait=True), store.write() as tx:
        return found(tx, home, engine, now=clock(), entropy=entropy)


def load_members(tx: SqliteTransaction, home: Home) -> Members | None:
    """The members of the mesh in this store; None before it is founded.

    Raises CommandError `mesh-lost` for the home of a mesh whose store holds none, `key-…` for
    keys that are not there or not theirs.
    """
    founding = tx.settings.get(GENESIS)
    if founding is not None:
        return _members(tx, home, founding)
    lost = remembered_mesh(home)
    if lost is not None:
        raise CommandError(
            ExitCode.IDENTITY,
            "mesh-lost",
            f"{home.path} is the home of mesh {lost}, but {home.database} does not hold it",
            hint="restore the database from a copy, or found another mesh: name a new MESH_HOME",
        )
    return None


def _members(tx: SqliteTransaction, home: Home, founding: dict[str, Any]) -> Members:
    try:
        genesis = Archive(None).get(tx, Genesis, founding["cid"])
    except CommandError as problem:
        problem.message = f"the genesis record of the mesh: {problem.message}"
        problem.hint = f"restore {home.database} from a copy, or found another with MESH_HOME"
        raise

    def key(name: str) -> SigningKey:
        return load(home.keys, name, founding["keys"][name])

    def members(names: list[str]) -> tuple[Member, ...]:
        return tuple(Member(node_id=NodeId(name), key=key(name)) for name in names)

    return Members(
        genesis=genesis,
        submitter=key(SUBMITTER),
        issuer=key(ISSUER),
        nodes=members(founding["nodes"]),
        federation=members(founding["federation"]),
    )


def found(
    tx: SqliteTransaction, home: Home, engine: Engine, *, now: int, entropy: Entropy
) -> Members:
    """Found the mesh: genesis, profiles, settings and the grant. Does nothing a second time."""
    members = load_members(tx, home)
    if members is not None:
        return members
    issuer = load_or_create(home.keys, ISSUER)
    submitter = load_or_create(home.keys, SUBMITTER)
    federation: dict[str, SigningKey] = {
        each.node_id: load_or_create(home.keys, each.node_id) for each in FEDERATION
    }
    genesis = sign(
        Genesis(
            name=MESH_NAME,
            issuers=(issuer.did,),
            federation=tuple(key.did for key in federation.values()),
            created_at=now,
        ),
        mesh=None,
        key=issuer,
    )
    archive = Archive(genesis.cid)
    archive.put(tx, genesis)
    nodes: dict[str, SigningKey] = {
        each.node_id: load_or_create(home.keys, each.node_id) for each in NODES
    }
    for node in NODES:
        _enrol(tx, archive, nodes[node.node_id], _node_profile(node, engine))
        tx.settings.put(NODE + node.node_id, to_value(NodeSettings()))
    for each in FEDERATION:
        secret = entropy(SECRET_BYTES)
        tx.settings.put(SECRET + each.node_id, secret)
        profile = _federation_profile(each, engine, commitment_of(secret))
        _enrol(tx, archive, federation[each.node_id], profile)
    _grant(tx, archive, issuer, submitter.did, now=now, entropy=entropy)
    keys = {SUBMITTER: submitter, ISSUER: issuer, **nodes, **federation}
    founding = {
        "cid": genesis.cid,
        "nodes": list(nodes),
        "federation": list(federation),
        "keys": {name: key.did for name, key in keys.items()},
    }
    tx.settings.put(GENESIS, founding)
    return _members(tx, home, founding)


def _enrol(tx: SqliteTransaction, archive: Archive, key: SigningKey, profile: NodeProfile) -> None:
    signed = archive.put(tx, sign(profile, mesh=archive.mesh, key=key))
    tx.settings.put(PROFILE + profile.node_id, signed.cid)


def _node_profile(node: NodeSetup, engine: Engine) -> NodeProfile:
    return NodeProfile(
        node_id=node.node_id,
        sequence=1,
        location=node.location,
        capabilities=("wasm", "wasi-preview1"),
        memory_bytes=node.memory_bytes,
        cpu_cores=node.cpu_cores,
        storage_bytes=node.storage_bytes,
        rates={ResourceType.COMPUTE.value: node.rate_micro},
        surcharge_ppm=node.surcharge_ppm,
        share_ppm=node.share_ppm,
        engine=engine,
        commitment=None,
    )


def _federation_profile(each: FederationSetup, engine: Engine, commitment: bytes) -> NodeProfile:
    return NodeProfile(
        node_id=each.node_id,
        sequence=1,
        location=each.location,
        capabilities=("verify",),
        memory_bytes=0,
        cpu_cores=1,
        storage_bytes=0,
        rates={},
        surcharge_ppm=0,
        share_ppm=MICRO,
        engine=engine,
        commitment=commitment,
    )


def _grant(
    tx: SqliteTransaction,
    archive: Archive,
    issuer: SigningKey,
    holder: Did,
    *,
    now: int,
    entropy: Entropy,
) -> None:
    token = ResourceToken(
        resource_type=ResourceType.COMPUTE,
        amount=GRANT_UNITS,
        scope="",
        expires_at=now + GRANT_SECONDS,
        issuer=issuer.did,
        audience=holder,
        parent=None,
        nonce=entropy(NONCE_BYTES),
    )
    issue(tx, archive, issuer, token, now=now)


def issue(
    tx: SqliteTransaction, archive: Archive, issuer: SigningKey, token: ResourceToken, *, now: int
) -> Signed[ResourceToken]:
    """Sign a root token and put its units into its holder's account."""
    signed = archive.put(tx, sign(token, mesh=archive.mesh, key=issuer))
    change = decide(
        tx.ledger,
        Issue(
            id=issue_id(signed.cid),
            issuer=issuer.did,
            owner=token.audience,
            unit=token.resource_type,
            amount=token.amount,
        ),
        now,
    )
    if isinstance(change, Refused):
        raise ValueError(change.reason.value)
    tx.ledger.apply(change)
    keep_token(tx, signed.cid)
    return signed


def keep_token(tx: SqliteTransaction, token: Cid) -> None:
    """Remember a token, so that submissions can choose it."""
    tx.settings.put(TOKEN + str(token), token)


def profile_of(tx: SqliteTransaction, archive: Archive, node_id: str) -> Signed[NodeProfile]:
    """The latest profile of a node or federation node."""
    cid: Cid = tx.settings.get(PROFILE + node_id)
    return archive.get(tx, NodeProfile, cid)


def node_settings(tx: SqliteTransaction, node_id: str) -> NodeSettings:
    return from_value(NodeSettings, tx.settings.get(NODE + node_id))


def configure_node(
    tx: SqliteTransaction,
    archive: Archive,
    member: Member,
    *,
    rates: dict[str, int] | None = None,
    location: str | None = None,
    surcharge_ppm: int | None = None,
    share_ppm: int | None = None,
    settings: dict[str, int] | None = None,
) -> None:
    """Change what a node says (a new profile, signed, with the next number) or does."""
    profile = profile_of(tx, archive, member.node_id).body
    changed: dict[str, Any] = {}
    if rates is not None:
        changed["rates"] = {**profile.rates, **rates}
    for name, value in (
        ("location", location),
        ("surcharge_ppm", surcharge_ppm),
        ("share_ppm", share_ppm),
    ):
        if value is not None:
            changed[name] = value
    if changed:
        following = replace(profile, sequence=profile.sequence + 1, **changed)
        _enrol(tx, archive, member.key, following)
    if settings is not None:
        known = node_settings(tx, member.node_id)
        tx.settings.put(NODE + member.node_id, to_value(replace(known, **settings)))
