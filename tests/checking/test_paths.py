"""A path means the same with dots and with `::`, in patterns, expressions and declarations."""

from itertools import product
from pathlib import Path

import pytest
from ccl_machine import run

from ccl.formatter.format import format_text
from ccl.pipeline import compile_file, compile_text

MEMBERS = """enum E { A, B(Integer) } struct S { n: Integer } const LIMIT = 7;
fn f(x: Integer) -> Integer { x + LIMIT } role R { requires: true; }"""
PLACES = {"b": ("b",), "D": ("D",), "b.C": ("b", "C")}


def joined(names: tuple[str, ...], separators: tuple[str, ...]) -> str:
    return "".join(map(str.__add__, names, (*separators, "")))


def uses(number: int, place: tuple[str, ...], separators: tuple[str, ...]) -> str:
    at = {
        name: joined((*place, *name.split(".")), separators[: len(place) + name.count(".")])
        for name in ("E.A", "E.B", "E", "S", "LIMIT", "f", "R")
    }
    kind = ".".join((*place, "E"))
    return f"""
state s{number}: {at["E"]} = {at["E.A"]};
const K{number} = {at["E.B"]}({at["LIMIT"]});
key{number}: {at["LIMIT"]};
odd{number} {at["LIMIT"]};
fn read{number}(e: {kind}) -> Integer {{
  match e {{ {at["E.A"]} => 1, {at["E.B"]}(n) => n }}
}}
fn made{number}(x: Integer, make) -> {kind} {{ make(x) }}
fn all{number}() -> [Integer] {{
  s{number} = {at["E.B"]}(4);
  let is = if s{number} == {at["E.B"]}(4) && {at["E.A"]} != s{number} {{ 1 }} else {{ 0 }};
  let held = if caller_has_role({at["R"]}) {{ 1 }} else {{ 0 }};
  [read{number}(K{number}), read{number}({at["E.A"]}), {at["f"]}(1), {at["S"]} {{ n: 3 }}.n,
   read{number}(made{number}(5, {at["E.B"]})), is, held,
   match s{number} {{ {at["E.B"]}(n) => n, _ => 0 }}]
}}
"""


@pytest.mark.parametrize("place", PLACES)
def test_paths_with_dots_and_colons_are_equivalent(place: str, tmp_path: Path) -> None:
    names = PLACES[place]
    ways = list(product((".", "::"), repeat=len(names) + 1))
    contract = f"contract D {{ {MEMBERS} }}"
    (tmp_path / "b.ccl").write_text(f"{MEMBERS}\n{contract.replace(' D ', ' C ')}")
    parts = [uses(number, names, way) for number, way in enumerate(ways)]
    calls = ", ".join(f"all{number}()" for number in range(len(ways)))
    head = 'import "b.ccl" as b;' if names[0] == "b" else contract
    text = "\n".join([head, *parts, f"execution {{ [{calls}] }}"])
    laid = format_text(text).text
    assert laid is not None
    for number, program in enumerate((text, laid)):
        (tmp_path / f"{number}.ccl").write_text(program)
        found = compile_file(tmp_path / f"{number}.ccl")
        assert found.wasm is not None, found.compilation.sink.diagnostics
        assert run(found.wasm).value == [[7, 1, 8, 3, 5, 1, 0, 4]] * len(ways)
    signs = [joined((*names, "f"), way[: len(names)]) + "(1)" for way in ways]
    assert all(sign in laid for sign in signs)


@pytest.mark.parametrize("way", [*product((".", "::"), repeat=4)], ids="".join)
def test_function_takes_functions_through_either_sign(way: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "b.ccl").write_text(
        "fn each(xs: [Integer], f) { xs.map(f) }"
        "contract C { fn each(xs: [Integer], f) { xs.map(f) } fn next(x: Integer) { x + 1 } }"
    )
    a, b, c, d = way
    (tmp_path / "a.ccl").write_text(f"""import "b.ccl" as b;
fn through(f) {{ b{a}each([1], f) }}
fn within(f) {{ b{b}C{c}each([2], f) }}
execution {{ [through(x => x * 5), through(b{b}C{d}next), within(b{a}C{d}next), within(x => -x)] }}
""")
    found = compile_file(tmp_path / "a.ccl")
    assert found.wasm is not None, found.compilation.sink.diagnostics
    assert run(found.wasm).value == [[5], [2], [3], [-2]]


@pytest.mark.parametrize("of", [".", "::"])
def test_state_is_assigned_through_either_sign(of: str) -> None:
    text = f"""struct S {{ n: Integer }}
contract D {{ state total = 1; state list = [1, 2]; state s = S {{ n: 4 }}; }}
fn change(xs: [Integer]) {{ xs[0] += 1; }}
execution {{
  D{of}total = 3; D{of}total += 3; D{of}list[0] = 7; D{of}s.n -= 1;
  D{of}list.push(9); change(D{of}list);
  [D{of}total, D{of}list[0], D{of}list[2], D{of}s.n]
}}"""
    found = compile_text(text, "a.ccl")
    assert found.wasm is not None, found.compilation.sink.diagnostics
    assert run(found.wasm).value == [6, 8, 9, 3]


def test_state_of_another_file_is_not_assigned_through_either_sign(tmp_path: Path) -> None:
    (tmp_path / "b.ccl").write_text("state n = 0; contract C { state n = 0; }")
    targets = ("b.n", "b::n", "b.C.n", "b::C.n", "b.C::n", "b::C::n")
    changes = "\n".join(f"{each} = 3;" for each in targets)
    (tmp_path / "a.ccl").write_text(f'import "b.ccl" as b;\nexecution {{\n{changes}\n}}')
    found = compile_file(tmp_path / "a.ccl").compilation.sink.diagnostics
    assert [each.code for each in found] == ["CCL0427"] * len(targets)


@pytest.mark.parametrize(
    "wrong", ["f()::n", "f().s::n", "xs[0]::n", "(f())::n", "f().S::T { n: 1 }"]
)
def test_colons_after_a_value_are_an_error(wrong: str) -> None:
    text = f"""struct S {{ n: Integer }} fn f() -> S {{ S {{ n: 1 }} }}
execution {{ let xs = [f()]; {wrong} }}"""
    codes = [each.code for each in compile_text(text, "a.ccl").compilation.sink.diagnostics]
    assert codes and set(codes) <= {"CCL0112", "CCL0120"}
