"""A new class of the typed tree is a type error in each function that has to handle it.

mypy checks a copy of the compiler in which the unions have one class more. Left out are functions
that are right about any class: they walk `children`, or answer "not known" by default.
"""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("ccl.ir", "ccl.analysis", "ccl.passes", "ccl.codegen")
NODES = {
    "Expr": "class NewExpr(Node, frozen=True, kw_only=True):\n"
    '    value: "Expr"\n    type: Type\n    span: Span\n',
    "Statement": "class NewStatement(Node, frozen=True, kw_only=True):\n"
    "    value: Expr\n    span: Span\n",
    "Step": "class NewStep(Node, frozen=True, kw_only=True):\n    of: Type\n",
    "Jump": "class NewJump(Node, frozen=True, kw_only=True):\n"
    "    span: Span\n    type: Type = Prim.NEVER\n",
}
TYPES = {"Type": 'class NewType(Node, frozen=True):\n    inner: "Type"\n'}
EXPECTED = {
    "NewExpr": {
        "analysis.array_usage.invariant_arrays",
        "analysis.array_usage.unshared_arrays",
        "analysis.intervals.expr",
        "analysis.moves._touched",
        "analysis.sizes.value_sizes._walks_texts",
        "analysis.survey.survey",
        "analysis.usage._may_clobber",
        "codegen.functions.expressions._lowering",
        "ir.rewrite._parts",
        "ir.visit._reader",
        "ir.visit.bindings_of",
        "ir.visit.writes_of",
        "passes.simplify.simpler",
    },
    "NewStatement": {
        "analysis.array_usage.enter",
        "analysis.intervals.statement",
        "analysis.moves._place_set",
        "codegen.functions.statements.lower",
        "ir.rewrite._holder_parts",
        "ir.visit._statement_reader",
        "ir.visit.bindings_of",
        "ir.visit.writes_of",
        "passes.simplify._does_nothing",
    },
    "NewStep": {"ir.rewrite._holder_parts"},
    "NewJump": {
        "analysis.intervals._leaves_loop",
        "analysis.sizes.loop_bounds._ends_iteration",
        "codegen.functions.expressions._lowering_of_control",
        "ir.rewrite._parts",
        "ir.visit._reader",
    },
    "NewType": {
        "analysis.sizes.encoded_size.encoded_max",
        "analysis.sizes.encoded_size.holds_text",
        "codegen.codecs.comparison._equal",
        "codegen.codecs.comparison._write_hash",
        "codegen.codecs.decoding._decode",
        "codegen.codecs.decoding.decode",
        "codegen.codecs.encoding._encode",
        "codegen.codecs.encoding.encode",
        "codegen.codecs.routines._clone",
        "codegen.codecs.routines._drop",
        "codegen.codecs.routines.parts_of",
        "codegen.functions.lvalues.part_type",
        "codegen.module_builder.variants",
        "ir.types._is_held_by_reference",
    },
}
_ERROR = re.compile(r"^(\S+\.py):(\d+): error: (.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """By new class, the functions in whose errors it is named."""
    root = tmp_path_factory.mktemp("extended")
    for top in ("ccl", "runtime"):
        shutil.copytree(ROOT / top, root / top, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    _extend(root / "ccl" / "ir" / "typed.py", NODES)
    _extend(root / "ccl" / "ir" / "types.py", TYPES)
    packages = [argument for each in PACKAGES for argument in ("-p", each)]
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(root / "cache"), *packages]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    found: dict[str, set[str]] = {name: set() for name in EXPECTED}
    for path, line, text in _ERROR.findall(done.stdout):
        for name in found.keys() & set(re.findall(r"New\w+", text)):
            found[name].add(_function_at(root, path, int(line)))
    return found


def _extend(path: Path, classes: dict[str, str]) -> None:
    text = path.read_text("utf-8")
    for union, definition in classes.items():
        name = definition.split("(")[0].removeprefix("class ")
        start = f"\n{union}: TypeAlias = "
        assert text.count(start) == 1, f"{union} is one union"
        text = text.replace(start, f"\n{definition}\n{start}{name} | ")
    path.write_text(text, "utf-8")


def _function_at(root: Path, path: str, line: int) -> str:
    """The innermost function around a line, with its module."""
    module = path.removeprefix("ccl/").removesuffix(".py").replace("/", ".")
    functions = [
        node
        for node in ast.walk(ast.parse((root / path).read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    name = max(functions, key=lambda node: node.lineno).name if functions else ""
    return f"{module}.{name}"


@pytest.mark.parametrize("name", EXPECTED)
def test_new_class_is_a_type_error_wherever_it_matters(
    errors: dict[str, set[str]], name: str
) -> None:
    assert errors[name] >= EXPECTED[name]
