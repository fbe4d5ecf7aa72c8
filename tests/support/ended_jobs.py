"""Bytes of a home's file that ended jobs take once they are pruned, and homes of many jobs."""

from contextlib import nullcontext
from pathlib import Path

from msgspec.structs import replace
from simulation.driving.programs import ProgramKind
from whole_home import WholeHome, found_home, program

from mesh.actors.submitter.rows import SUMMARIES
from mesh.core.fields import JobId
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.upkeep.prune import Pruned, prune
from runtime.content.cid import Codec, cid_of

LATER = 1 << 40
BIDS_EXPIRE_MS = 4_000_000


def pruned(home: WholeHome, *, is_tried: bool = False, before: int = LATER) -> Pruned:
    with home.store.turn(home.now()) as turn:
        return prune(turn, home.archive, home.founding.members, before=before, is_tried=is_tried)


def measured_home(path: Path, *, sealed: bool, jobs: int) -> tuple[WholeHome, float]:
    """A home of verified jobs, pruned and compacted, and the bytes of its file for each job."""
    home = WholeHome(path, sealed=sealed)
    found_home(home)
    for number in range(2):
        home.done(program(ProgramKind.SUM, number))
    before = _file_bytes(home)
    for number in range(jobs):
        home.done(program(ProgramKind.SUM, 2 + number))
    home.at += BIDS_EXPIRE_MS
    home.later(1)
    return home, (_file_bytes(home) - before) / jobs


def _file_bytes(home: WholeHome) -> int:
    pruned(home)
    home.store.compact(nullcontext)
    return home.path.stat().st_size


def add_listed_jobs(mesh: EmbeddedMesh, count: int) -> None:
    """Have many more jobs in the lists, each like the first of this home."""
    with mesh.store.turn(mesh.clock()) as turn, turn.delivery(mesh.owner) as tx:
        rows = tx.rows(SUMMARIES)
        first = rows.select(limit=1)[0]
        for number in range(count):
            text = f"{number:012x}"
            rows.put(
                replace(
                    first,
                    job_id=JobId(f"01977422-2fd8-79b7-82f7-{text}"),
                    created_at=first.created_at + number % 977,
                    receipt=cid_of(text.encode(), Codec.DAG_CBOR),
                )
            )
