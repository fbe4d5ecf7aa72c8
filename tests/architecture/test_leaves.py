"""The two leaves import nothing of ours but themselves, whatever is added to the tree."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("ccl", "runtime", "mesh", "stdlib")
LEAVES = ("ccl.abi", "runtime.content")
FILES = [
    (leaf, path)
    for leaf in LEAVES
    for path in sorted(ROOT.joinpath(*leaf.split(".")).rglob("*.py"))
]


@pytest.mark.parametrize(("leaf", "path"), FILES, ids=str)
def test_leaf_imports_only_itself(leaf: str, path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                imported = [each.name for each in names]
            case ast.ImportFrom(module=module, level=0):
                imported = [module or ""]
            case ast.ImportFrom():
                pytest.fail(f"{path}:{node.lineno}: write imports in full")
            case _:
                continue
        for name in imported:
            is_ours = name.split(".")[0] in OURS
            assert not is_ours or name == leaf or name.startswith(f"{leaf}."), (
                f"{path}:{node.lineno} imports {name}"
            )


def test_there_are_leaves_to_look_at() -> None:
    assert {leaf for leaf, _ in FILES} == set(LEAVES)
