"""A misspelt key of a section that jobs are made from is never lost in silence."""

from collections.abc import Iterator

import pytest
from misspelling import slips

from ccl.pipeline import check_text
from ccl.schema import OPEN_SECTIONS, SCHEMAS


def _keys() -> Iterator[tuple[str, str, frozenset[str]]]:
    for path, known in SCHEMAS.items():
        for key in known:
            yield path, key, frozenset(known)
    for path, names in OPEN_SECTIONS.items():
        for name in names:
            yield path, name, frozenset(names)


@pytest.mark.parametrize(("path", "key", "known"), list(_keys()))
def test_key_with_a_slip_is_an_error(path: str, key: str, known: frozenset[str]) -> None:
    slipped = [each for each in slips(key) if each not in known]
    for lines in (slipped[:40], slipped[40:]):
        within = "".join(f"{name}: 1;\n" for name in lines)
        for section in reversed(path.split(".")):
            within = f"{section} {{\n{within}}}\n"
        reported = [each for each in check_text(within).sink.diagnostics if each.code == "CCL0302"]
        assert len(reported) == len(lines)


@pytest.mark.parametrize("key", ["audit", "validation", "publication", "storage_costs"])
def test_other_key_of_results_is_free(key: str) -> None:
    assert not check_text(f"results {{ {key} {{ years: 10; }} }}").sink.diagnostics
