"""Constructs of any depth and length: they compile, or are reported as too deep."""

import random
import re
from collections.abc import Callable

import pytest
from effort import seeds

from ccl.cli.charter.rules import charter_rules
from ccl.formatter.format import format_text
from ccl.pipeline import compile_text
from ccl.support.recursion import INHERITANCE_MAX

NESTINGS = {
    "lists": ("a: ", "[", "1", "]", ";"),
    "objects": ("a: ", "{ k: ", "1", " }", ";"),
    "lists of objects": ("a: ", "[{ k: ", "1", " }]", ";"),
    "sections": ("", "s { ", "a: 1;", " }", ""),
    "rules": ("", "if ctx.x > 1 { ", "a: 1;", " }", ""),
    "bands": ("", "range 0 10 { ", "a: 1;", " }", ""),
    "calls of a charter": ("a: ", "f(", "1", ")", ";"),
    "contracts": ("", "contract C { ", "state a: Integer = 1;", " }", ""),
    "articles": ("", 'article "1" { ', 'text: "a";', " }", ""),
    "parentheses": ("execution { ", "(", "1", ")", " }"),
    "operators": ("execution { ", "1 - (", "1", ")", " }"),
    "negations": ("execution { ", "!", "true", "", " }"),
    "signs": ("execution { ", "- ", "1", "", " }"),
    "blocks": ("execution { ", "{ ", "1", " }", " }"),
    "branches": ("execution { ", "if true { ", 'log("a");', " }", " }"),
    "values of branches": ("execution { let x = ", "if true { ", "1", " } else { 2 }", "; x }"),
    "loops": ("execution { ", "for x in [1] { ", 'log("a");', " }", " }"),
    "conditional loops": ("execution { ", "while false { ", 'log("a");', " }", " }"),
    "matches": ("execution { ", "match 1 { 1 => { ", 'log("a");', " }, _ => { } }", " }"),
    "arrays": ("execution { let a = ", "[", "1", "]", "; a.length() }"),
    "options": ("execution { let a = ", "Some(", "1", ")", "; a == a }"),
    "patterns": ("execution { match Some(1) { ", "Some(", "x", ")", " => 1, _ => 2 } }"),
    "array patterns": ("execution { match [1] { ", "[", "x", "]", " => 1, _ => 2 } }"),
    "records": ("execution { let d: Data = ", "{ a: ", "1", " }", "; 1 }"),
    "calls": ("fn f(x: Integer) -> Integer { x } execution { ", "f(", "1", ")", " }"),
    "arguments": ("execution { ", '"a".concat(', '"b"', ")", " }"),
    "indices": ("execution { let a = [0]; ", "a[", "0", "]", " }"),
    "inline functions": ("execution { ", "[1].map(x => ", "1", ")", " }"),
    "interpolations": ("execution { ", '"\\(', "1", ')"', " }"),
    "tries": ("execution { ", "try ", 'parse_integer("1")', " catch 0", " }"),
    "types": ("fn f(a: ", "Array<", "Integer", ">", ") { } execution { 1 }"),
    "short types": ("export fn f(a: ", "[", "Integer", "]", ") -> Integer { a.length() }"),
    "types of state": ("state s: ", "Option<", "Integer", ">", " = None; execution { 1 }"),
    "types of calls": ("execution { f<", "Array<", "Integer", ">", ">(1) }"),
    "handlers": ('on "e" { ', "if true { ", 'log("a");', " }", " }"),
    "methods": ("execution { ", "", '"a"', ".trim()", " }"),
    "fields": ("execution { ", "", "ctx", ".a", " }"),
    "open braces": ("s { ", "s { ", "a: 1;", "", ""),
    "open parentheses": ("execution { ", "f(", "1", "", ""),
    "open texts": ("execution { ", '"\\(', "1", "", ""),
    "closers": ("a: 1; ", "", "", "} ) ] ", ""),
}
"""(before, each level's opening, the innermost, each level's closing, after)."""


def nested(form: str, depth: int) -> str:
    before, opening, inner, closing, after = NESTINGS[form]
    return before + opening * depth + inner + closing * depth + after


def linked(first: str, link: str, last: str) -> Callable[[int, bool], str]:
    """A chain of declarations, each from the one before: in either order."""

    def chain(length: int, backwards: bool) -> str:
        links = [first, *(link % {"n": n, "m": n - 1} for n in range(1, length))]
        return "\n".join(reversed(links) if backwards else links) + last % {"n": length - 1}

    return chain


CHAINS = {
    "constants": linked(
        "const C0: Integer = 1;", "const C%(n)d: Integer = C%(m)d + 1;", "\nexecution { C%(n)d }"
    ),
    "constants without types": linked(
        "const C0 = 1;", "const C%(n)d = C%(m)d;", "\nexecution { C%(n)d }"
    ),
    "texts": linked(
        'const C0 = "a";', 'const C%(n)d = "\\(C%(m)d)b";', "\nexecution { C%(n)d.length() }"
    ),
    "structs": linked(
        "struct S0 { a: Integer }",
        "struct S%(n)d { a: S%(m)d }",
        "\nfn f(s: S%(n)d) -> Integer { 1 }\nexecution { 1 }",
    ),
    "functions": linked(
        "fn f0() -> Integer { 1 }",
        "fn f%(n)d() -> Integer { f%(m)d() }",
        "\nexecution { f%(n)d() }",
    ),
}


ROWS = {
    "contracts": linked(
        "contract C0 { fn f() -> Integer { 0 } }",
        "contract C%(n)d extends C%(m)d { state s%(n)d: Integer = %(n)d; }",
        "\nexecution { C%(n)d.f() }",
    ),
    "sections": linked(
        "plan s0 { a0: 1; }", "plan s%(n)d extends s%(m)d { a%(n)d: 1; }", "\nexecution { %(n)d }"
    ),
    "roles": linked(
        "role R0 { }", "role R%(n)d extends R%(m)d { }", "\nexecution { caller_has_role(R%(n)d) }"
    ),
}
"""Declarations that extend each other."""


def answer(text: str) -> set[str]:
    """The codes of the errors; every stage and view has run."""
    compiled = compile_text(text, path="a.ccl")
    compilation = compiled.compilation
    if compilation.program is not None:
        charter_rules(compilation.program, compilation.names)
    format_text(text)
    return {each.code for each in compilation.sink.diagnostics if each.severity.value == "error"}


@pytest.mark.parametrize("form", NESTINGS)
def test_nesting_is_compiled_or_refused(form: str) -> None:
    for depth in (10, 33, 66, 118, 301):
        answer(nested(form, depth))


@pytest.mark.parametrize("form", NESTINGS)
def test_nesting_beyond_all_limits_names_the_limit_or_the_fault(form: str) -> None:
    assert answer(nested(form, 5_000))


@pytest.mark.parametrize("seed", seeds(0, 20))
def test_mixed_nesting_is_compiled_or_refused(seed: int) -> None:
    """Values of one kind inside those of others, as deep as the parser allows and deeper."""
    random_ = random.Random(seed)
    kinds = [form for form in NESTINGS if NESTINGS[form][0].startswith("execution { ")]
    depth = random_.choice([20, 60, 100, 2_000])
    levels = [NESTINGS[random_.choice(kinds)] for _ in range(depth)]
    opened = "".join(level[1] for level in levels)
    closed = "".join(level[3] for level in reversed(levels))
    answer("execution { " + opened + "1" + closed + " }")


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("form", CHAINS)
def test_chain_of_declarations_is_compiled(form: str, backwards: bool) -> None:
    assert answer(CHAINS[form](150, backwards)) == set()


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("form", ROWS)
def test_row_of_extensions_has_a_limit(form: str, backwards: bool) -> None:
    assert answer(ROWS[form](INHERITANCE_MAX, backwards)) == set()
    assert answer(ROWS[form](INHERITANCE_MAX + 1, backwards)) == {"CCL0601"}


@pytest.mark.parametrize("form", ROWS)
def test_row_beyond_the_limit_is_reported_once(form: str) -> None:
    found = compile_text(ROWS[form](500, False), path="a.ccl").compilation.sink.diagnostics
    assert [each.code for each in found if each.severity.value == "error"] == ["CCL0601"]


@pytest.mark.parametrize("form", ROWS)
def test_circle_of_extensions_is_refused_at_any_length(form: str) -> None:
    for length in (2, 20, 200):
        row = ROWS[form](length, False)
        name = re.search(r"\w+ (\w+) {", row)
        assert name is not None
        last = f"{name[1][0]}{length - 1}"
        circle = row.replace(f" {name[1]} {{", f" {name[1]} extends {last} {{", 1)
        assert answer(circle) & {"CCL0223", "CCL0321", "CCL0601"}


@pytest.mark.parametrize("backwards", [False, True])
def test_long_chain_of_constants_is_compiled(backwards: bool) -> None:
    assert answer(CHAINS["constants"](3_000, backwards)) == set()


def test_constants_in_a_long_ring_are_a_cycle() -> None:
    ring = CHAINS["constants"](3_000, False).replace("C0: Integer = 1", "C0: Integer = C2999")
    assert "CCL0213" in answer(ring)


def test_value_that_names_make_deep_is_refused_where_it_is_written() -> None:
    chain = linked("const C0 = [1];", "const C%(n)d = [C%(m)d];", "\na: C%(n)d;")
    assert answer(chain(60, False)) == set()
    assert answer(chain(70, False)) == {"CCL0601"}


@pytest.mark.parametrize("backwards", [False, True])
def test_constants_that_hold_each_other_have_a_limit(backwards: bool) -> None:
    chain = linked("const C0 = [1];", "const C%(n)d = [C%(m)d];", "\nexecution { C%(n)d.length() }")
    assert answer(chain(64, backwards)) == set()
    assert answer(chain(65, backwards)) == {"CCL0601"}
    assert answer(chain(1_000, backwards)) == {"CCL0601"}


def test_constant_that_doubles_with_each_name_is_refused() -> None:
    chain = linked("const C0 = [1];", "const C%(n)d = [C%(m)d, C%(m)d];", "\nexecution { 1 }")
    assert answer(chain(10, False)) == set()
    assert answer(chain(60, False)) == {"CCL0424"}


def test_code_of_a_long_choice_grows_with_its_length() -> None:
    def size(rules: int) -> int:
        arms = "".join(f" else if p.n == {n} {{ x: {n}; }}" for n in range(1, rules))
        compiled = compile_text("if p.n == 0 { x: 0; }" + arms, path="a.ccl")
        assert compiled.wasm is not None
        return len(compiled.wasm)

    assert size(80) < 2.2 * size(40)
