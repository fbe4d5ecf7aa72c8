"""Sessions in the documentation: their files are written, their commands print what is shown.

A ```ccl block that begins with `// name.ccl` is that file from there on; in a ```text block each
line after `$ ` is a command, and the lines below are its output. A page is one session, from top to
bottom. `test_language.py` compiles the blocks themselves.
"""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from sessions import printed, steady, steps_of

DOCS = Path(__file__).parents[2] / "docs"
TOUR = tuple(sorted((DOCS / "tour").glob("*.md")))
_BLOCK = re.compile(r"^```(ccl|text)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"// (\w+\.ccl)\n")
_MEASURED = (
    (re.compile(r"\bin \d+\.\d+ s$", re.MULTILINE), "in SECONDS"),
    (re.compile(r"\(\d+ bytes\)"), "(BYTES)"),
    (re.compile(r"\d+(·\S+)? \+ \d+"), r"FUEL\1 + FUEL"),
)
"""Output that varies between runs, or with the generated code."""


def compared(text: str) -> str:
    text = steady(text)
    for pattern, instead in _MEASURED:
        text = pattern.sub(instead, text)
    return text


def blocks_of(page: Path) -> list[tuple[str, str]]:
    return _BLOCK.findall(page.read_text(encoding="utf-8"))


PAGES = tuple(
    page
    for page in sorted(DOCS.rglob("*.md"))
    if any(kind == "text" and steps_of(text) for kind, text in blocks_of(page))
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_shows_the_real_output(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "garden"
    folder.mkdir()
    for kind, text in blocks_of(page):
        named = _FILE.match(text)
        if kind == "ccl" and named is not None:
            (folder / named[1]).write_text(text, encoding="utf-8")
            continue
        for command, shown in steps_of(text) if kind == "text" else ():
            assert compared(printed(command, folder, tmp_path / "mesh")) == compared(shown), command


def test_tour_has_three_pages_which_lead_to_each_other() -> None:
    assert [page.name[:2] for page in TOUR] == ["1-", "2-", "3-"]
    assert set(TOUR) < set(PAGES)
    for page, following in pairwise(TOUR):
        assert f"]({following.name})" in page.read_text(encoding="utf-8")
        assert f"]({page.name})" in following.read_text(encoding="utf-8")
    for page in TOUR:
        programs = [text for kind, text in blocks_of(page) if kind == "ccl"]
        assert all(_FILE.match(text) for text in programs), "each program of the tour is a file"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_command_names_one_job_also_where_there_are_several(page: Path) -> None:
    commands = [
        command
        for kind, text in blocks_of(page)
        for command, _ in (steps_of(text) if kind == "text" else ())
    ]
    assert not [each for each in commands if re.search(r"list-jobs -q\s*\)", each)]
