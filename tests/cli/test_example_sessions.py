"""Sessions beside the examples, reproduced, and the examples' own tests."""

from pathlib import Path

import pytest
from sessions import printed, steady, steps_of

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("budget", "bylaws", "mutual_credit", "treasury")


@pytest.mark.parametrize("name", NAMES)
def test_example_session_is_reproduced(name: str, tmp_path: Path) -> None:
    folder = EXAMPLES / name
    steps = steps_of((folder / "session.txt").read_text(encoding="utf-8"))
    assert len(steps) >= 3
    for command, shown in steps:
        assert steady(printed(command, folder, tmp_path / "mesh")) == steady(shown), command


def test_examples_have_tests_that_pass(tmp_path: Path) -> None:
    folders = " ".join(str(EXAMPLES / name) for name in NAMES)
    shown = printed(f"ccl test {folders} && echo all passed", EXAMPLES, tmp_path)
    assert shown.endswith("all passed\n"), shown
    assert shown.count("passed\n") >= len(NAMES)
