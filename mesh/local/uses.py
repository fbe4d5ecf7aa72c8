"""Uses of blocks: by jobs, records, states, stopped programs, and the mesh itself; their removal.

Rule: what names a block is found in the histories and records, as `doctor` finds what is missing.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mesh.adapters.sqlite import SqliteTransaction
from mesh.events import JobKey
from mesh.local.archive import Archive, missing_block
from mesh.local.inventory import records_of, records_of_mesh
from mesh.local.runs import LocalRun
from mesh.local.standing import keeping
from mesh.proofblocks import contents_of
from mesh.records import Award, JobManifest, Receipt
from mesh.unixfs import PieceMissing, UnixFsError, read_file
from runtime.content.cid import Cid, Codec
from runtime.content.codec import CodecError, decode
from runtime.content.typed import from_value
from runtime.terminal.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh

SHOWN_MAX: Final = 5
_OF_A_PROOF: Final = "a block of the proof"


def remove_block(tx: SqliteTransaction, cid: Cid) -> None:
    """Remove a block. Raises CommandError `block-missing`, `block-in-use`."""
    needed_by = keeping(tx, cid)
    if needed_by is not None:
        raise CommandError(
            ExitCode.FAILED,
            "block-in-use",
            f"block {cid} is {needed_by}",
            hint="a program unpins it with dag_unpin, or stores another value",
            details={"cid": str(cid)},
        )
    if not tx.blocks.delete(cid):
        raise missing_block(cid, cid.codec.name.lower().replace("_", "-"))


def uses(mesh: "LocalMesh", cid: Cid) -> tuple[str, ...]:
    """What needs a block, the first few. A block that was changed is of no use to anybody, and
    one of the state cannot be removed at all."""
    with mesh.store.read() as tx:
        if not tx.blocks.has(cid) or not tx.blocks.is_sound(cid) or keeping(tx, cid) is not None:
            return ()
        found = dict.fromkeys(noun for noun, named in _named(mesh, tx) if named == cid)
    exact = [noun for noun in found if not noun.startswith(_OF_A_PROOF)]
    return tuple(exact or found)[:SHOWN_MAX]


def _named(mesh: "LocalMesh", tx: SqliteTransaction) -> Iterator[tuple[str, Cid]]:
    for noun, _, cid in records_of_mesh(mesh, tx):
        yield f"the {noun} of the mesh", cid
    for run_id, value in tx.runs.all():
        run = from_value(LocalRun, value)
        name = f"the unfinished run {run_id.digest.hex()[:12]}"
        yield name, run_id
        yield f"the source of {name}", run.origin.source
        for packed in run.origin.packed:
            yield f"a module of {name}", packed.cid
        for cid in _of_call(tx, run_id):
            yield f"what is executed by {name}", cid
    archive = Archive(mesh.members.mesh)
    for key in tx.jobs.ids():
        yield from _named_by_job(tx, archive, key)


def _of_call(tx: SqliteTransaction, key: Cid) -> Iterator[Cid]:
    data = tx.blocks.get(key)
    if data is not None:
        try:
            call = decode(data, bytes_max=len(data))
        except CodecError:
            return  # `doctor` says so
        yield from (each for each in call if isinstance(each, Cid))


def _named_by_job(
    tx: SqliteTransaction, archive: Archive, key: JobKey
) -> Iterator[tuple[str, Cid]]:
    of = f"of job {key.job_id}"
    manifest: JobManifest | None = None
    for stored in tx.jobs.history(key):
        for kind, cid in records_of(stored.event):
            yield f"the {kind.__name__.lower()} {of}", cid
            try:
                match body := archive.get(tx, kind, cid).body:
                    case JobManifest():
                        manifest = body
                        yield from ((f"{noun} {of}", each) for noun, each in _inputs(tx, body))
                    case Award():
                        yield f"the hold {of}", body.hold
                        yield f"the context {of}", body.context
                    case Receipt() if manifest is not None:
                        context = archive.context(tx, body.context)
                        result = body.deterministic
                        yield from _nouns(of, result.output, result.logs, result.effects)
                        contents = contents_of(manifest, context, result, None, tx.blocks.get)
                        yield from ((f"{_OF_A_PROOF} {of}", each) for each in contents.held)
            except CommandError:
                continue  # what it names cannot be read any more; `doctor` says so


def _nouns(
    of: str, output: Cid | None, logs: Cid | None, effects: Cid | None
) -> Iterator[tuple[str, Cid]]:
    named = (("output", output), ("logs", logs), ("effects", effects))
    yield from ((f"the {noun} {of}", cid) for noun, cid in named if cid is not None)


def _inputs(tx: SqliteTransaction, manifest: JobManifest) -> Iterator[tuple[str, Cid]]:
    """What a job cannot be executed without, with the pieces of files of other systems."""
    for noun, root in (("module", manifest.module), ("input", manifest.input)):
        if root is None:
            continue
        yield f"the {noun}", root
        if root.codec is Codec.DAG_PB:
            pieces: list[Cid] = []

            def fetch(cid: Cid, pieces: list[Cid] = pieces) -> bytes | None:
                pieces.append(cid)
                return tx.blocks.get(cid)

            with suppress(UnixFsError, PieceMissing):
                read_file(root, fetch)
            yield from ((f"a piece of the {noun}", piece) for piece in pieces)
