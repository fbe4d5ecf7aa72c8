"""The README shows the real output of the demo."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from readme import README, demo_output, shown_output, steady  # noqa: E402


def test_readme_shows_what_the_demo_prints() -> None:
    shown = shown_output(README.read_text(encoding="utf-8"))
    assert steady(shown) == steady(demo_output()), "`make docs` brings it up to date"
