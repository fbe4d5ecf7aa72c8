"""The page of fixes: its tables name the code of every fix, under the right heading."""

import re
from pathlib import Path

from ccl.diagnostics.codes import TEMPLATES
from ccl.pipeline import check_text

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```ccl[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def codes(heading: str) -> set[str]:
    page = (ROOT / "docs/fixes.md").read_text(encoding="utf-8")
    chapter = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in chapter.splitlines() if line.startswith("| CCL")]
    return {code for row in rows for code in re.findall(r"CCL\d{4}", row.split("|")[1])}


def programs() -> list[str]:
    """The examples of all codes."""
    pages = [
        *(ROOT / "ccl/diagnostics/codes/pages").glob("*.md"),
        *(ROOT / "tests/spec").glob("*.md"),
    ]
    blocks = [text for page in sorted(pages) for text in BLOCK.findall(page.read_text("utf-8"))]
    shown = re.compile(r"// (error|warning): \[")
    return [each for each in blocks if shown.search(each) or "//" not in each]


def test_every_fix_is_in_the_table_of_its_kind() -> None:
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for text in programs():
        for diagnostic in check_text(text, path="spec.ccl").sink.diagnostics:
            for fix in diagnostic.fixes:
                found[fix.safe].add(diagnostic.code)
    assert found[True] <= codes("Safe")
    assert found[False] <= codes("Unsafe")
    assert len(found[False]) > 30
    assert codes("Safe") | codes("Unsafe") <= TEMPLATES.keys()
