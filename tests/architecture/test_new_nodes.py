"""A new class of a tree is a type error in each function that has to handle it.

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
PACKAGES = ("ccl",)
NODES = {
    "Expr": "class NewExpr(Node, frozen=True, kw_only=True):\n"
    '    value: "Expr"\n    type: Type\n    span: Span\n',
    "Statement": "class NewStatement(Node, frozen=True, kw_only=True):\n"
    "    value: Expr\n    span: Span\n",
    "Step": "class NewStep(Node, frozen=True, kw_only=True):\n    of: Type\n",
    "Jump": "class NewJump(Node, frozen=True, kw_only=True):\n"
    "    span: Span\n    type: Type = Prim.NEVER\n",
    "CharterValue": "class NewValue(Node, frozen=True, kw_only=True):\n    span: Span\n",
    "CharterNode": "class NewNode(Node, frozen=True, kw_only=True):\n"
    "    key: str\n    span: Span\n",
}
SETTING = {
    "Setting": "class NewSetting(Node, frozen=True, kw_only=True):\n    key: str\n    span: Span\n",
}
SYNTAX = {
    "TypeExpr": "class NewSyntaxType(Node, frozen=True, kw_only=True):\n    span: Span\n",
    "Expr": "class NewSyntaxExpr(Node, frozen=True, kw_only=True):\n    span: Span\n",
    "Pattern": "class NewPattern(Node, frozen=True, kw_only=True):\n    span: Span\n",
    "Statement": "class NewSyntaxStatement(Node, frozen=True, kw_only=True):\n    span: Span\n",
    "Item": "class NewItem(Node, frozen=True, kw_only=True):\n    span: Span\n",
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
        "checking.lints.discarded_values._is_act",
        "checking.lints.discarded_values._reaches_out",
        "checking.rules.mutations._own_changes",
        "checking.state.rules._uses_in",
        "codegen.functions.expressions._lowering",
        "ir.rewrite._parts",
        "ir.visit._reader",
        "ir.visit.bindings_of",
        "ir.visit.host_calls_of",
        "ir.visit.writes_of",
        "passes.simplify.simpler",
    },
    "NewStatement": {
        "analysis.array_usage.enter",
        "analysis.intervals.statement",
        "analysis.moves._place_set",
        "checking.expressions.blocks._never_ends",
        "checking.lints.discarded_values._sets_outside",
        "checking.lints.quadratic_loops._statement",
        "checking.rules.mutations._assigned",
        "codegen.functions.statements.lower",
        "ir.rewrite._holder_parts",
        "ir.visit._statement_reader",
        "ir.visit.bindings_of",
        "ir.visit.writes_of",
        "passes.simplify._does_nothing",
    },
    "NewStep": {
        "checking.lints.quadratic_loops._set",
        "checking.lints.quadratic_loops._shown",
        "checking.rules.mutations._assigned",
        "codegen.functions.lvalues.step_address",
        "ir.rewrite._holder_parts",
    },
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
        "checking.__init__._ends",
        "checking.core.unification._constructor",
        "checking.core.unification._parts_reader",
        "checking.core.unification.with_parts",
        "checking.expressions.blocks._item_type",
        "checking.expressions.lvalues._indexed",
        "checking.functions.library.group_of",
        "checking.patterns.exhaustiveness._groups",
        "checking.patterns.patterns.variants",
        "checking.state.stored_shape.text",
        "checking.symbols.interface_types.of",
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
    "NewValue": {
        "charter.elaboration.depth._depth",
        "charter.elaboration.schemas._described",
        "charter.elaboration.values._content",
        "codegen.charter_export.plain",
    },
    "NewNode": {
        "charter.elaboration.depth._depth",
        "charter.elaboration.values._entry_identity",
        "cli.charter.rules._entries",
        "codegen.charter_export._entry",
        "codegen.charter_export.node",
    },
    "NewSetting": {
        "charter.elaboration.inheritance._inherited",
        "charter.elaboration.merge._giving_way",
        "charter.elaboration.merge._winner",
        "charter.elaboration.reader._object",
        "charter.elaboration.schemas._value",
        "charter.elaboration.schemas._wrong_kind",
        "charter.elaboration.shares.check_shares",
        "ir.charter.guards_of",
        "ir.charter.key_of",
        "ir.charter.node_of",
        "ir.charter.span_of",
    },
    "NewSyntaxType": {
        "checking.core.type_names._read",
        "desugar.proposals.type_words",
    },
    "NewSyntaxExpr": {
        "checking.expressions.expressions._infer",
    },
    "NewPattern": {
        "checking.patterns.patterns.read",
        "checking.patterns.subject_types.suggested_by",
    },
    "NewSyntaxStatement": {
        "checking.expressions.statements.check_statement",
    },
    "NewItem": {
        "charter.conditions.formulas._keys",
        "charter.elaboration.reader._articles_in",
        "charter.elaboration.reader._entry",
        "checking.builtins.records._misplaced",
        "desugar.contracts._inside",
        "desugar.contracts._unconditional",
        "parser.reductions.reduce.data",
        "resolver.namespaces.read",
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
    _extend(root / "ccl" / "ir" / "charter.py", SETTING)
    _extend(root / "ccl" / "syntax" / "ast.py", SYNTAX)
    packages = [argument for each in PACKAGES for argument in ("-p", each)]
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(root / "cache"), *packages]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    found: dict[str, set[str]] = {name: set() for name in EXPECTED}
    for path, line, text in _ERROR.findall(done.stdout):
        given = text.partition("expected")[0]  # what follows may list a group with its new class
        for name in found.keys() & set(re.findall(r"New\w+", given)):
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


@pytest.mark.lint
@pytest.mark.parametrize("name", EXPECTED)
def test_new_class_is_a_type_error_wherever_it_matters(
    errors: dict[str, set[str]], name: str
) -> None:
    assert errors[name] == EXPECTED[name]
