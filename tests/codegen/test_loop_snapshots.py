"""Snapshots of loops: a `for` over a place that its body changes iterates over the old value.

It copies nothing if the body leaves the loop after the change.
"""

from itertools import product

import pytest
from ccl_machine import run

from ccl.pipeline import compile_text

PLACES = {
    "h.a": "let h = H { a: FIRST, n: 0 };",
    "g[1]": "let g = [FIRST, FIRST];",
    "m[3].a": "let m = map_new(); m[3] = H { a: FIRST, n: 0 };",
    "s": "s = FIRST;",
    "t.a": "t = H { a: FIRST, n: 0 };",
    "u[1]": "u = [FIRST, FIRST];",
}
"""The initial value of each; those without a declaration are state."""
BEFORE = """
struct H { a: KIND, n: Integer }
state s: KIND = FIRST;
state t: H = H { a: FIRST, n: 0 };
state u: [KIND] = [FIRST, FIRST];
fn rebind() { s = FIRST; t.a = FIRST; u = [FIRST, FIRST]; log("set"); }
fn grow(a: KIND) { let x = LATER; let k = 2; PUSH }
fn filled() -> Map<Integer, [Integer]> {
  let m = map_new(); m[1] = [1]; m[2] = [2]; m[3] = [3]; m
}
"""
KINDS = {
    "[[Integer]]": ("[[1], [2]]", "[7]", "for x in A", "A[0] = x;", "A[0].push(x[0] + 5);"),
    "[String]": ('["a", "b", "c"]', '"z"', "for x in A", 'A[0] = x + "!";', "A.push(x + x);"),
    "Map<Integer, [Integer]>": (
        "filled()",
        "[9]",
        "for k, x in A",
        "A[k + 7] = x;",
        "A[k].push(x[0] + 5);",
    ),
}
BODIES = (
    "CHANGE break;",
    "ODD { CHANGE break; } else { SEEN; continue; }",
    "ODD { CHANGE } SEEN;",
    "LOOP { CHANGE SEEN; break; } CHANGE break;",
    "ODD { rebind(); SEEN; break; } SEEN;",
    "ODD { rebind(); } SEEN;",
    "ODD { grow(A); SEEN; return; } SEEN;",
    "ODD { grow(A); } SEEN;",
)


def program(kind: str, *, is_state: bool, copied: bool) -> str:
    """A function for each place, body and change. `copied`: the loop iterates over a copy."""
    first, later, head, *changes = KINDS[kind]
    walk = f"let c = A; {head.replace(' A', ' c')}" if copied else head
    functions: list[str] = []
    for (place, begin), body, change in product(PLACES.items(), BODIES, changes):
        if ("let " in begin) is is_state or (not is_state and "rebind" in body):
            continue
        loop = f"{walk} {{ {body} }}".replace("LOOP", head).replace("CHANGE", change)
        loop = loop.replace("ODD", "n += 1; if n == 2").replace(
            "SEEN", 'emit "seen" { x: x, a: A }'
        )
        number = len(functions)
        after = 'emit "left" { a: A };' if is_state else ""
        turn = f"""
fn turn{number}() {{
  {begin} let i = 0;
  while i < 2 {{ i += 1; let n = 0; {loop} emit "done" {{ a: A }}; }}
}}
fn case{number}() {{ turn{number}(); {after} }}"""
        functions.append(turn.replace("A", place))
    calls = " ".join(f'log("{i}"); case{i}();' for i in range(len(functions)))
    text = "\n".join([BEFORE, *functions, f"execution {{ {calls} }}"])
    for name, written in (("PUSH", changes[1].replace("A", "a")), ("LATER", later)):
        text = text.replace(name, written)
    return text.replace("FIRST", first).replace("KIND", kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_state", [False, True], ids=["local", "state"])
def test_loop_iterates_over_the_value_before_the_change(kind: str, *, is_state: bool) -> None:
    seen = []
    for copied in (False, True):
        compiled = compile_text(program(kind, is_state=is_state, copied=copied))
        assert compiled.wasm is not None, [
            (each.code, each.facts) for each in compiled.compilation.sink.diagnostics
        ]
        ran = run(compiled.wasm)
        assert ran.outcome.succeeded, ran.outcome
        seen.append((ran.log, ran.effects))
    assert seen[0] == seen[1] and len(seen[0][1]) > 100


@pytest.mark.parametrize(
    ("declared", "place"),
    [
        ("", "a"),
        ("struct H { a: [Integer] }", "h.a"),
        ("state a: [Integer] = [];", "a"),
        ("struct H { a: [Integer] } state h = H { a: [] };", "h.a"),
        ("struct H { a: [Integer] } state g = [H { a: [] }];", "g[0].a"),
    ],
)
def test_loop_that_ends_after_a_change_is_linear(declared: str, place: str) -> None:
    first = {"a": "let a: [Integer] = [];", "h.a": "let h = H { a: [] };"}
    begin = "" if "state" in declared else first[place]
    fuel: list[int] = []
    for size in (200, 800):
        compiled = compile_text(
            f"{declared} execution {{ {begin} let i = 0;"
            f"while i < {size} {{ {place}.push(i); i += 1; }} let t = 0;"
            f"while t < {size} {{ for x in {place} {{ if x >= 0 {{ {place}[0] = x + 1; break; }} }}"
            f" t += 1; }} {place}[0] }}"
        )
        ran = run(compiled.wasm or b"")
        assert ran.value == size and ran.fuel_used is not None
        fuel.append(ran.fuel_used)
    assert fuel[1] < 4.5 * fuel[0]
