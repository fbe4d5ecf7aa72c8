"""Parse tables: from the user's cache if it is valid, otherwise from the grammar."""

import stat
from pathlib import Path

import pytest

from ccl.parser.reductions.declarations import Declarations
from ccl.parser.reductions.expressions import Expressions
from ccl.parser.reductions.reduce import Gathering
from ccl.parser.reductions.statements import Statements
from ccl.syntax.tables import Tables, tables


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("ccl.syntax.tables._cache_folder", lambda: tmp_path / "ccl")
    return tmp_path / "ccl"


def built() -> Tables:
    return tables.__wrapped__()


def same(left: Tables, right: Tables) -> bool:
    return (left.states, left.rules, left.start, left.accept) == (
        right.states,
        right.rules,
        right.start,
        right.accept,
    )


def test_tables_are_read_from_the_cache(cache: Path) -> None:
    first = built()
    (file,) = cache.iterdir()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.stat().st_mtime_ns
    assert same(built(), first)
    assert file.stat().st_mtime_ns == written


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"states": 5}', "\x00"])
def test_invalid_cache_is_rebuilt(cache: Path, content: str) -> None:
    first = built()
    (file,) = cache.iterdir()
    file.write_text(content)
    assert same(built(), first)
    assert file.read_text() != content


def test_tables_are_built_without_a_cache(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert built().states


@pytest.mark.parametrize("name", sorted({rule.name for rule in tables().rules if rule.name}))
def test_rule_has_one_builder_of_its_value(name: str) -> None:
    makers = [Gathering, Declarations, Statements, Expressions]
    assert sum(name in vars(maker) for maker in makers) == 1
