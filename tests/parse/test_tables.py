"""The tables come from the user's cache where it is whole, and from the grammar otherwise."""

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


def test_the_second_time_reads_what_the_first_wrote(cache: Path) -> None:
    first = built()
    (file,) = cache.iterdir()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.stat().st_mtime_ns
    assert same(built(), first)
    assert file.stat().st_mtime_ns == written


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"states": 5}', "\x00"])
def test_a_broken_cache_is_built_anew(cache: Path, content: str) -> None:
    first = built()
    (file,) = cache.iterdir()
    file.write_text(content)
    assert same(built(), first)
    assert file.read_text() != content


def test_no_cache_is_no_fault(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert built().states


@pytest.mark.parametrize("name", sorted({rule.name for rule in tables().rules if rule.name}))
def test_a_rule_has_one_thing_that_makes_its_value(name: str) -> None:
    makers = [Gathering, Declarations, Statements, Expressions]
    assert sum(name in vars(maker) for maker in makers) == 1
