"""Articles: the module records the places that cite them, and `cclc inspect` lists them."""

import json
from pathlib import Path

import pytest
from commands import run

BYLAWS = """article "7.2" { text: "Spending over 500 needs two approvers."; }
article "7.3" { text: "Minutes are kept."; }
article "7.4" { text: "Large sums go to the assembly."; }

spending { range 0 500 because article "7.2" { approvers 1; } }
if proposal.amount > 5000 because article "7.4" { quorum 60%; }

execution {
  require(input() != "", "a receipt is needed") because article "7.2";
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("articles")
    (made / "bylaws.ccl").write_text(BYLAWS)
    done = run("cclc", "compile", "bylaws.ccl", home=made, cwd=made)
    assert done.code == 0, done.err
    return made


def test_inspect_lists_the_places_that_cite_an_article_and_those_cited_nowhere(
    folder: Path,
) -> None:
    done = run("cclc", "inspect", "bylaws.wasm", home=folder, cwd=folder)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    start = lines.index("Articles")
    assert lines[start + 1 : start + 4] == [
        "  7.2  cited at bylaws.ccl:5:40, bylaws.ccl:9:65",
        "  7.3  cited nowhere",
        "  7.4  cited at bylaws.ccl:6:43",
    ]


def test_inspect_gives_articles_as_json(folder: Path) -> None:
    done = run("cclc", "inspect", "bylaws.wasm", "-o", "json", home=folder, cwd=folder)
    assert done.code == 0, done.err
    assert json.loads(done.out)["articles"][1] == {
        "number": "7.3",
        "place": "bylaws.ccl:2:9",
        "cited": [],
    }
