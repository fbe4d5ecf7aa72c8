"""The words of the code: docstrings of modules begin with a noun phrase, of functions with a verb.

Words that the field has better ones for are not used in names, docstrings and comments of the
compiler and the runtime. Modules of tests begin as those of the code do, but for the mesh's.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for top in ("ccl", "runtime") for path in (ROOT / top).rglob("*.py"))
OF_THE_MESH = frozenset({"adapters", "local", "mesh", "simulation"})
TESTS = sorted(
    path
    for path in (ROOT / "tests").rglob("*.py")
    if path.relative_to(ROOT / "tests").parts[0] not in OF_THE_MESH
)
QUESTIONS = frozenset({"What", "How", "Which", "Where", "Whether", "Who", "Whose", "When", "Why"})
VERB = re.compile(r"[A-Z][a-z]+s$")
ATTRIBUTES = frozenset({"property", "cached_property"})
"""Their docstrings describe a value, as those of fields do."""
HELPS = frozenset({"ccl/cli/ccl.py", "ccl/cli/cclc.py"})
"""Their docstrings are the helps of commands, which say what to do."""
STILTED = re.compile(r"\b(nobody|somebody|stands|standing|tells|told|asks|village|folk)\b", re.I)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_of_a_module_are_those_of_the_field(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    assert first_word(tree) not in QUESTIONS, "a module's docstring begins with a noun phrase"
    sentences = [
        f"line {each.lineno}: {each.name}: {word}"
        for each in (() if str(path.relative_to(ROOT)) in HELPS else functions(tree))
        if (word := first_word(each)) is not None and not VERB.match(word)
    ]
    assert sentences == [], "a function's docstring begins with a verb in the third person"
    assert [each for each in prose(text) if STILTED.search(each)] == []


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_of_tests_begins_with_a_noun_phrase(path: Path) -> None:
    assert first_word(ast.parse(path.read_text("utf-8"))) not in QUESTIONS


def first_word(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    docstring = ast.get_docstring(node)
    return None if docstring is None else docstring.split()[0].strip("`,.:;")


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {getattr(each, "id", getattr(each, "attr", "")) for each in node.decorator_list}
            if not names & ATTRIBUTES:
                yield node


def prose(text: str) -> Iterator[str]:
    """Gives comments and texts."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            yield token.string
