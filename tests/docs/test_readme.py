"""The README shows the real output of the demo."""

import re
import sys
from pathlib import Path

from commandlines import LINES, commands_of

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from readme import README, demo_output, shown_output, steady  # noqa: E402


def test_readme_shows_what_the_demo_prints() -> None:
    shown = shown_output(README.read_text(encoding="utf-8"))
    assert steady(shown) == steady(demo_output()), "`make docs` brings it up to date"


def test_readme_names_every_command() -> None:
    rows = [line for line in README.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]
    named = {word for row in rows for word in re.findall(r"`(?:\w+ )?([a-z-]+)`", row)}
    commands = {words.split()[0] for line in LINES.values() for words, _ in commands_of(line)}
    assert commands - named == set()
