"""Tables by the class of a node: each has every class, with all of its parts."""

from functools import cache
from pathlib import Path
from typing import get_args

from typed_programs import programs_of
from typed_trees import INT, SPAN, block, function, get, integer, local, op, program

from ccl.codegen.functions.expressions import _LOWER
from ccl.ir import typed as t
from ccl.ir.rewrite import _HOLDERS, _PARTS, with_parts
from ccl.ir.visit import children, everything
from ccl.passes.simplify import simplified
from ccl.pipeline import check_file

EXAMPLE = Path(__file__).parents[2] / "examples" / "budget" / "budget.ccl"


@cache
def _nodes() -> tuple[t.Expr, ...]:
    """Of all classes in programs without errors: generated ones, and one that submits a job."""
    example = check_file(EXAMPLE).program
    assert example is not None
    programs = (programs_of(range(40)), example)
    found = tuple(
        node
        for each in programs
        for function in each.functions.values()
        for node in everything(function.body)
    )
    assert {type(node) for node in found} >= set(get_args(t.Expr)) - {t.UnitConst, t.ErrorExpr}
    return found


def test_every_expression_and_statement_has_a_row() -> None:
    assert set(get_args(t.Expr)) == _PARTS.keys() == _LOWER.keys()
    assert set(get_args(t.Statement)) <= _HOLDERS.keys()


def test_each_part_is_changed_but_places_that_a_call_changes() -> None:
    for node in _nodes():
        changed: list[int] = []

        def change(part: t.Expr, changed: list[int] = changed) -> t.Expr:
            changed.append(id(part))
            return part

        assert with_parts(node, change) is node
        arguments = getattr(node, "arguments", ())
        places = {id(a.value) for a in arguments if isinstance(a, t.Argument) and a.mutated}
        assert sorted(changed) == sorted({id(part) for part in children(node)} - places), node


def test_node_with_another_part_keeps_the_rest() -> None:
    for node in _nodes():
        other = with_parts(node, lambda part: t.UnitConst(span=part.span, type=part.type))
        assert type(other) is type(node)
        assert len(children(other)) == len(children(node))


def test_function_without_anything_to_simplify_is_the_same_object() -> None:
    n = local(0, INT, "n")
    match = t.MatchTag(
        subject=get(n), arms=(), otherwise=op("+", get(n), integer(1)), type=INT, span=SPAN
    )
    made = program(function("f", [n], block([], match)))
    assert simplified(made).functions["f"] is made.functions["f"]
