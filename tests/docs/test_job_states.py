"""The page of a job's states is that of the table."""

from pathlib import Path

from job_states import job_states, write_pages

from mesh.core.jobs.diagram import diagram
from mesh.core.jobs.job import TRANSITIONS, Phase

DOCS = Path(__file__).parents[2] / "docs"


def test_in_sync() -> None:
    written = (DOCS / "job-states.md").read_text(encoding="utf-8")
    assert written == job_states(), "docs/job-states.md is out of date: run `make docs`"


def test_every_state_and_transition_is_there() -> None:
    rows = [line.split("|")[1:-1] for line in job_states().splitlines() if line.startswith("| ")]
    states = {row[0].strip() for row in rows if len(row) == 3}
    assert states - {"State"} == {phase.value for phase in Phase}
    moves = {(row[0].strip(), row[1].strip()) for row in rows if len(row) == 4}
    table = {("" if phase is None else phase.value, each.__name__) for phase, each in TRANSITIONS}
    assert moves - {("In", "Event")} == table


def test_diagram_shows_every_transition() -> None:
    drawn = diagram()
    for (phase, event), transition in TRANSITIONS.items():
        start = "[*]" if phase is None else phase.value
        (arrow,) = (
            line
            for line in drawn.splitlines()
            if line.startswith(f"    {start} --> {transition.to.value}:")
        )
        assert event.__name__ in arrow


def test_writing(tmp_path: Path) -> None:
    write_pages(tmp_path)
    assert (tmp_path / "job-states.md").read_text(encoding="utf-8") == job_states()
