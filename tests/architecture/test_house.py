"""The house: few files in a folder, small files, no modules that import each other in a circle.

`.importlinter` has the floors; here are the sizes.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
TOPS = ("ccl", "runtime", "mesh")
FILES_MAX = 12
LOOSE_MAX = 3
LINES_MAX = 400
NODE_LISTS = frozenset({"ccl/syntax/ast.py", "ccl/ir/typed.py"})
"""The nodes of a tree are one list, however many there are."""
PAGES = "ccl/diagnostics/codes/pages"
"""A page for each code."""
MODULES = sorted(path for top in TOPS for path in (ROOT / top).rglob("*.py"))


def test_no_folder_has_more_files_than_one_takes_in_at_a_glance() -> None:
    crowded = {
        str(folder.relative_to(ROOT)): len(files)
        for top in TOPS
        for folder in [ROOT / top, *(p for p in (ROOT / top).rglob("*") if p.is_dir())]
        if folder.name != "__pycache__"
        if len(files := [path for path in folder.iterdir() if path.is_file()]) > FILES_MAX
    }
    crowded.pop(PAGES)
    assert crowded == {}


@pytest.mark.parametrize("top", TOPS)
def test_nearly_every_module_is_in_a_folder_of_a_stage(top: str) -> None:
    assert len(list((ROOT / top).glob("*.py"))) <= LOOSE_MAX


def test_no_file_is_longer_than_one_reads_in_a_sitting() -> None:
    lines = {str(path.relative_to(ROOT)): path.read_text("utf-8").count("\n") for path in MODULES}
    long = {name: count for name, count in lines.items() if count > LINES_MAX}
    assert long.keys() <= NODE_LISTS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), "a module begins with a docstring"


@pytest.mark.parametrize("top", TOPS)
def test_no_modules_import_each_other_in_a_circle(top: str) -> None:
    """Imports that only type checkers see count as others do."""
    graph = grimp.build_graph(top, cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    largest = max(circles(imports), key=len)
    assert len(largest) == 1, sorted(largest)


def circles(imports: dict[str, set[str]]) -> Iterator[set[str]]:
    """The strongly connected components, each module that is in no circle alone."""
    reachable = {name: _reachable(name, imports) for name in imports}
    left = set(imports)
    while left:
        name = left.pop()
        circle = {name} | {each for each in reachable[name] if name in reachable[each]}
        left -= circle
        yield circle


def _reachable(start: str, imports: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for each in imports.get(waiting.pop(), set()) - found:
            found.add(each)
            waiting.append(each)
    return found
