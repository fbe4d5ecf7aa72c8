"""Processes of one home that are killed at any moment, or award one job at once.

Run as a program: `firing.py HOME submit` submits jobs and drives them, over and over; `firing.py
HOME accept NODE` accepts NODE's bid for each job that it reads, a line for each.
"""

import sys
from pathlib import Path

from embedded_mesh import answer, opened

from mesh.core.fields import JobId, NodeId
from mesh.embedded.mesh import EmbeddedMesh
from runtime.terminal.errors import CommandError

JOBS_AT_ONCE = 3


def submit_for_ever(mesh: EmbeddedMesh) -> None:
    while True:
        ids = mesh.submit_all(answer() for _ in range(JOBS_AT_ONCE))
        problems = mesh.drive(ids, auto_award=True)
        print(*(mesh.job(each).phase.value for each in ids), *problems, flush=True)


def accept_each(mesh: EmbeddedMesh, node: NodeId) -> None:
    for line in sys.stdin:
        try:
            mesh.accept(JobId(line.strip()), node)
        except CommandError as error:
            print(error.code, error.details.get("node_id"), flush=True)
        else:
            print("accepted", node, flush=True)


def main() -> None:
    home, command, *rest = sys.argv[1:]
    with opened(Path(home)) as mesh:
        print("open", flush=True)
        if command == "submit":
            submit_for_ever(mesh)
        else:
            accept_each(mesh, NodeId(rest[0]))


if __name__ == "__main__":
    main()
