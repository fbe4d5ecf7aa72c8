"""The tour is what anyone gets who follows it: its files are made and its commands run, in order.

A ```ccl block that begins with `// name.ccl` is that file from there on; in a ```text block each
line after `$ ` is a command, and below stands what it prints. `test_language.py` compiles the
blocks themselves.
"""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from sessions import printed, steady, steps_of

TOUR = Path(__file__).parents[2] / "docs" / "tour"
PAGES = tuple(sorted(TOUR.glob("*.md")))
_BLOCK = re.compile(r"^```(ccl|text)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"// (\w+\.ccl)\n")
_MEASURED = (
    (re.compile(r"\bin \d+\.\d+ s$", re.MULTILINE), "in SECONDS"),
    (re.compile(r"\(\d+ bytes\)"), "(BYTES)"),
)


def compared(text: str) -> str:
    text = steady(text)
    for pattern, instead in _MEASURED:
        text = pattern.sub(instead, text)
    return text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_shows_what_is_printed(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "garden"
    folder.mkdir()
    commands = 0
    for kind, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "ccl":
            named = _FILE.match(text)
            assert named is not None, "each program of the tour is a file"
            (folder / named[1]).write_text(text, encoding="utf-8")
            continue
        for command, shown in steps_of(text):
            assert compared(printed(command, folder, tmp_path / "mesh")) == compared(shown), command
            commands += 1
    assert commands >= 5


def test_there_are_three_pages_which_lead_to_each_other() -> None:
    assert [page.name[:2] for page in PAGES] == ["1-", "2-", "3-"]
    for page, following in pairwise(PAGES):
        assert f"]({following.name})" in page.read_text(encoding="utf-8")
        assert f"]({page.name})" in following.read_text(encoding="utf-8")
