"""The fuel of WebAssembly text, flat or folded, by the rules that the module states."""

import pytest

from ccl.abi.bounds import Formula
from ccl.fuel.instructions import Pricing, Unbounded, UnknownCopy, code_of, code_of_lines, fuel_of

PRICING = Pricing(
    iterations=Formula.symbol,
    of_call=lambda name, before: Formula.constant(100 + len(before)),
)

FLAT_AND_FOLDED = [
    ("i32.const 1\ni32.const 2\ni32.add\ndrop", "(drop (i32.add (i32.const 1) (i32.const 2)))", 3),
    # the dearer branch, the condition and the jump
    (
        "local.get $c\nif (result i32)\ni32.const 1\nelse\nlocal.get $a\ni32.eqz\nend",
        "(if (result i32) (local.get $c) (then (i32.const 1)) (else (i32.eqz (local.get $a))))",
        4,
    ),
    # what only traps is not added up
    (
        "local.get $c\nif\ni32.const 7\ncall $trap\nunreachable\nend",
        "(if (local.get $c) (then (call $trap (i32.const 7)) (unreachable)))",
        2,
    ),
    # a call costs two, and what it is priced at: here by the three instructions before it
    (
        "local.get $a\ni32.const 1\ni32.const 2\ncall $f",
        "(call $f (local.get $a) (i32.const 1) (i32.const 2))",
        108,
    ),
    # a block is part of what is around it
    (
        "block $out\nlocal.get $c\nbr_if $out\ni32.const 1\nend\ncall $f",
        "(block $out (br_if $out (local.get $c)) (i32.const 1)) (call $f)",
        108,
    ),
    # an `if` says nothing of what is before a call behind it
    (
        "i32.const 1\nif\ni32.const 2\ni32.const 3\nend\ncall $f",
        "(if (i32.const 1) (then (i32.const 2) (i32.const 3))) (call $f)",
        109,
    ),
]


@pytest.mark.parametrize(("flat", "folded", "fuel"), FLAT_AND_FOLDED)
def test_flat_and_folded_text_cost_the_same(flat: str, folded: str, fuel: int) -> None:
    expected = Formula.constant(fuel)
    assert fuel_of(code_of_lines(flat.splitlines()), PRICING) == expected
    assert fuel_of(code_of(flat), PRICING) == expected
    assert fuel_of(code_of(folded), PRICING) == expected


def test_loop_costs_one_body_more_than_its_iterations() -> None:
    loops = code_of("(loop $i (loop $k (br_if $k (local.get $c))) (br_if $i (local.get $d)))")
    # (i + 1) * (2 * (k + 1) + 2)
    expected = {("i", "k"): 2, ("i",): 4, ("k",): 2, (): 4}
    assert fuel_of(loops, PRICING).terms == expected


def test_names_of_routines_and_locals_cost_nothing() -> None:
    text = (
        '(func $f (@name "f (x)") (param $a i32) (result i32)\n  (local $b i32)\n  (local.get $a))'
    )
    assert fuel_of(code_of(text), PRICING) == Formula.constant(1)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("local.get $n\nmemory.copy", UnknownCopy),
        ("i32.const 1\nif\ni32.const 8\nend\nmemory.copy", UnknownCopy),
        ("call_indirect (type $t)", Unbounded),
        ("br_table $a $b", Unbounded),
    ],
)
def test_work_outside_the_text_is_unbounded(text: str, error: type[Unbounded]) -> None:
    with pytest.raises(error):
        fuel_of(code_of(text), PRICING)


def test_text_behind_an_unbounded_part_is_not_read() -> None:
    def lines() -> object:
        yield "call_indirect (type $t)"
        raise AssertionError("the first obstacle is enough")

    with pytest.raises(Unbounded):
        fuel_of(code_of_lines(lines()), PRICING)  # type: ignore[arg-type]
