"""The generated documentation is that of the tables."""

from pathlib import Path

import pytest

from ccl.abi.host_calls import HOST_CALLS
from ccl.reference.pages import PAGES, host_call_index, write_pages

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_in_sync(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), f"docs/{name} is out of date: run `make docs`"


def test_every_host_call_has_its_shape() -> None:
    text = host_call_index()
    for name in HOST_CALLS:
        assert f"## {name}\n" in text
    assert (
        '(import "icn_host" "host_submit_job" (func (param i32) (param i32) (param i32) '
        "(param i32) (param i32) (param i32) (param i64) (param i32) (param i32) (result i32)))"
    ) in text


def test_writing(tmp_path: Path) -> None:
    write_pages(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(PAGES)
