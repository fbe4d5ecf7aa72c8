"""Contents that the submitter's store must have: every block that its rows and records name.

Rule: each block is read and hashed anew and each signature verified anew; a block that is not there
is reported with what names it.
"""

from collections.abc import Iterator

from mesh.actors.submitter.rows import PENDING, STATE, JobRow
from mesh.core.ports.blocks import BlockError
from mesh.core.records.jobs import JobManifest
from mesh.core.records.membership import Genesis
from mesh.core.records.registry import read_as
from mesh.core.verification.inputs import inputs_of
from mesh.queries.accounts.owner_view import snapshot_of
from mesh.queries.blocks.named_blocks import of_history, of_mesh, of_record
from mesh.queries.reader import Reader, invalid_record, missing_block
from runtime.content.codec import CodecError, decode
from runtime.execution.state import STATE_VALUE_BYTES_MAX
from runtime.identity.signed import RecordError
from runtime.terminal.errors import CommandError


def lost_of_mesh(reader: Reader) -> Iterator[str]:
    """What is missing or changed of what the mesh itself consists of."""
    for named in of_mesh(reader):
        try:
            if named.kind is Genesis:
                _read_genesis(reader)
            elif named.kind is not None:
                reader.fresh_record(named.kind, named.cid)
        except CommandError as problem:
            yield f"{named.noun}: {problem.message}"


def _read_genesis(reader: Reader) -> None:
    cid = reader.members.mesh
    try:
        read_as(Genesis, reader.block(cid, "Genesis"), None)
    except RecordError as error:
        raise invalid_record(Genesis, cid, error) from None


def lost_of_job(reader: Reader, row: JobRow) -> Iterator[str]:
    """What is missing or changed of what a job's history names."""
    name = f"job {row.job_id}"
    for named in of_history(reader, row):
        if named.kind is None:
            continue
        try:
            body = reader.fresh_record(named.kind, named.cid).body
            if isinstance(body, JobManifest):
                _check_inputs(reader, row, body)
                continue
            for part in of_record(body):
                if reader.blocks.get(part.cid) is None:
                    raise missing_block(part.cid, part.noun)
        except CommandError as problem:
            yield f"{name}: {problem.message}"
    yield from (f"{name}: {text}" for text in _lost_results(reader, row))


def _check_inputs(reader: Reader, row: JobRow, manifest: JobManifest) -> None:
    """A job that waits for its module, or never had it, lacks nothing."""
    if row.job.attempt == 0:
        return
    for cid in inputs_of(reader.blocks, manifest.module, None, manifest.input).lacking:
        noun = {manifest.module: "module", manifest.input: "input"}.get(cid, "file piece")
        raise missing_block(cid, noun)


def _lost_results(reader: Reader, row: JobRow) -> Iterator[str]:
    """What is missing of the output, effects and logs that the receipt names, once they were
    fetched: that is when the job has ended."""
    job = row.job
    result = job.result
    if result is None or not job.is_final or reader.rows(PENDING).get(job.manifest) is not None:
        return
    try:
        found = reader.result(result.deterministic)
        named = (("output", found.output), ("effects", found.effects), ("logs", found.logs))
        for noun, cid in named:
            if cid is not None and reader.blocks.get(cid) is None:
                yield missing_block(cid, noun).message
    except CommandError as problem:
        yield problem.message


def lost_state(reader: Reader) -> Iterator[str]:
    """What is missing or unreadable of what the owner's state root names."""
    for row in reader.rows(STATE).select():
        if row.root is None:
            continue
        try:
            snapshot = snapshot_of(reader, row.root)
        except CommandError as problem:
            yield f"state of {row.owner}: {problem.message}"
            continue
        named = {
            each.value: f"{home}.{name}"
            for home, variables in snapshot.homes.items()
            for name, each in variables.items()
        }
        for cid in snapshot.links:
            what = named.get(cid, "pinned block")
            try:
                data = reader.blocks.get(cid)
                if data is None:
                    yield f"state of {row.owner}: {what}: block {cid} is not in the store"
                elif cid in named:
                    decode(data, bytes_max=STATE_VALUE_BYTES_MAX)
            except (BlockError, CodecError) as error:
                yield f"state of {row.owner}: {what}: {error}"
