"""The reference is complete: chapters in a chain, every name of the prelude explained in one."""

import re
from pathlib import Path

import pytest

from ccl.parser.lexer.tokens import KEYWORDS
from ccl.prelude.functions import CONSTANTS, FUNCTIONS, METHODS, SPECIAL_FORMS, TEST_FORMS

DOCS = Path(__file__).parents[2] / "docs"
CONTENTS = (DOCS / "language.md").read_text(encoding="utf-8")
CHAPTERS = tuple(re.findall(r"^\d+\. \[[^\]]+\]\(language/(\w+)\.md\)", CONTENTS, re.MULTILINE))
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in (DOCS / "language").glob("*.md")}
EXPLAINED = "\n".join(TEXTS.values())


def test_every_chapter_is_in_the_contents() -> None:
    assert sorted(CHAPTERS) == sorted(TEXTS)
    assert len(CHAPTERS) >= 12


@pytest.mark.parametrize("at", range(len(CHAPTERS)), ids=CHAPTERS)
def test_chapters_lead_to_their_neighbours(at: int) -> None:
    links = re.findall(r"\]\(([\w./]+)\)", TEXTS[CHAPTERS[at]].splitlines()[2])
    neighbours = (*CHAPTERS[max(at - 1, 0) : at], *CHAPTERS[at + 1 : at + 2])
    assert links == ["../language.md", *(f"{name}.md" for name in neighbours)]


@pytest.mark.parametrize("name", sorted({*SPECIAL_FORMS, *TEST_FORMS, *CONSTANTS, *FUNCTIONS}))
def test_every_name_of_the_prelude_is_explained(name: str) -> None:
    """An alias or a method explains its function, a function its aliases."""
    row = FUNCTIONS.get(name)
    names = {name} if row is None else {alias for alias, each in FUNCTIONS.items() if each is row}
    if name.startswith("host_"):
        names.add(name.removeprefix("host_"))
    methods = {method for (_, method), function in METHODS.items() if function in names}
    patterns = (*(rf"\b{each}\b" for each in names), *(rf"\.{each}\(" for each in methods))
    assert any(re.search(pattern, EXPLAINED) for pattern in patterns)


def test_every_keyword_is_listed() -> None:
    listed = re.search(r"`(fn function [a-z \n]+)`", TEXTS["lexical"])
    assert listed is not None
    assert set(listed[1].split()) == set(KEYWORDS)
