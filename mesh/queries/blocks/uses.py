"""Uses of a block: by jobs, states, unfinished runs and the mesh itself."""

from collections.abc import Iterator
from typing import Final

from mesh.actors.submitter.rows import JOBS, STATE
from mesh.core.proofs.contents import ProofError
from mesh.queries.accounts.owner_view import snapshot_of
from mesh.queries.blocks.named_blocks import of_history, of_mesh, of_record, of_runs
from mesh.queries.reader import Reader
from mesh.queries.upkeep.checks import proof_of
from runtime.content.cid import Cid
from runtime.terminal.errors import CommandError, ExitCode

SHOWN_MAX: Final = 5
_OF_A_PROOF: Final = "a block of the proof"


def refuse_state_block(reader: Reader, cid: Cid) -> None:
    """Raises CommandError `block-in-use` for a block of the owner's state."""
    needed_by = _of_state(reader, cid)
    if needed_by is not None:
        raise CommandError(
            ExitCode.FAILED,
            "block-in-use",
            f"block {cid} is {needed_by}",
            hint="a program unpins it with dag_unpin, or stores another value",
            details={"cid": str(cid)},
        )


def uses(reader: Reader, cid: Cid) -> tuple[str, ...]:
    """What needs a block, the first few. A block that was changed is of no use to anybody, and one
    of the state cannot be removed at all."""
    if not _is_sound(reader, cid) or _of_state(reader, cid) is not None:
        return ()
    found = dict.fromkeys(noun for noun, named in _named(reader) if named == cid)
    exact = [noun for noun in found if not noun.startswith(_OF_A_PROOF)]
    return tuple(exact or found)[:SHOWN_MAX]


def _is_sound(reader: Reader, cid: Cid) -> bool:
    try:
        return reader.blocks.get(cid) is not None
    except CommandError:
        return False


def _of_state(reader: Reader, cid: Cid) -> str | None:
    """What of the owner's state needs a block, or None. A changed block is nobody's."""
    if not _is_sound(reader, cid):
        return None
    for row in reader.rows(STATE).select():
        if row.root is None:
            continue
        if cid == row.root:
            return f"the state of {row.owner}"
        try:
            links = snapshot_of(reader, row.root).links
        except CommandError:
            continue  # what cannot be read names nothing; `doctor` says so
        if cid in links:
            return f"a part of the state of {row.owner}"
    return None


def _named(reader: Reader) -> Iterator[tuple[str, Cid]]:
    for named in of_mesh(reader):
        yield f"the {named.noun} of the mesh", named.cid
    for run, named in of_runs(reader):
        match named.noun:
            case "call":
                yield run, named.cid
            case "part":
                yield f"what is executed by {run}", named.cid
            case noun:
                yield f"{'the' if noun == 'source' else 'a'} {noun} of {run}", named.cid
    for row in reader.rows(JOBS).select():
        of = f"of job {row.job_id}"
        for named in of_history(reader, row):
            yield f"the {named.noun} {of}", named.cid
            if named.kind is None:
                continue
            try:
                body = reader.record(named.kind, named.cid).body
            except CommandError:
                continue  # it cannot be read any more; `doctor` says so
            yield from ((f"the {part.noun} {of}", part.cid) for part in of_record(body))
        if row.job.receipt is None:
            continue  # there is nothing to prove yet
        try:
            proof = proof_of(reader, row)
            result = proof.result
            if result is not None:
                named_parts = (
                    ("output", result.output),
                    ("logs", result.logs),
                    ("effects", result.effects),
                )
                yield from ((f"the {noun} {of}", cid) for noun, cid in named_parts if cid)
            yield from ((f"{_OF_A_PROOF} {of}", cid) for cid in proof.data)
        except ProofError:
            continue
