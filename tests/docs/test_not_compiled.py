"""What the reference says is not compiled yet is refused by name, and nothing more is said.

When one of these compiles, its row leaves docs/language.md and the chapters gain it.
"""

import re
from pathlib import Path

import pytest

from ccl.pipeline import check_text

PAGE = Path(__file__).parents[2] / "docs" / "language.md"

REFUSED = {
    "`contract`": "contract Treasury { fee: 5; }",
}


def rows() -> list[str]:
    section = PAGE.read_text(encoding="utf-8").split("## Not compiled yet")[1]
    return [row.strip() for row in re.findall(r"^\| (.*?) \| .* \|$", section, re.MULTILINE)]


def test_the_page_lists_these() -> None:
    assert rows()[0] == "What"
    assert sorted(rows()[1:]) == sorted(REFUSED)


@pytest.mark.parametrize("what", REFUSED)
def test_refused_by_name(what: str) -> None:
    codes = [each.code for each in check_text(REFUSED[what]).sink.diagnostics]
    assert "CCL0690" in codes
