"""Types that programs leave out, and what functions may change."""

from collections import deque
from collections.abc import Sequence

import pytest

from ccl.checking.core.environment import Checker
from ccl.checking.core.unification import Var, fresh, is_open, prune, unify, variable_of, zonk
from ccl.checking.functions import bodies
from ccl.checking.inference import elaboration
from ccl.checking.inference.annotations import Annotations
from ccl.ir import typed
from ccl.ir.types import Array, Map, Option, Prim, Type
from ccl.pipeline import check_text
from ccl.support.node import fields


def program_of(text: str) -> typed.Program:
    compilation = check_text(text, path="test.ccl")
    assert compilation.program is not None, compilation.sink.diagnostics
    return compilation.program


def signature(text: str, name: str) -> str:
    function = program_of(text).functions[name]
    parameters = ", ".join(str(each.type) for each in function.parameters)
    return f"({parameters}) -> {function.result}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("function f(x) { return x + 1; } export fn g() { f(2); }", "(Integer) -> Integer"),
        ("fn f(x) { x * 2 } export fn g(m: Mana) { f(m); }", "(Mana) -> Mana"),
        ("fn f(x) { x * 2 } export fn g(m: Decimal) { f(m); }", "(Decimal) -> Decimal"),
        ("fn f(a, b) { a && b == 1 } export fn g() { f(true, 2); }", "(Bool, Integer) -> Bool"),
        ('fn f(xs) { xs[0] } export fn g() { f(["a"]); }', "(Array<String>) -> String"),
        (
            "fn f(xs) { let y = xs; y.length() } export fn g() { f([1]); }",
            "(Array<Integer>) -> Integer",
        ),
        (
            "fn f(m, k) { m[k] } export fn g(v: Map<Did, Bool>, d: Did) { f(v, d); }",
            "(Map<Did, Bool>, Did) -> Bool",
        ),
        (
            "fn f(s) { s.since } struct M { since: Integer } export fn g(m: M) { f(m); }",
            "(M) -> Integer",
        ),
        (
            "fn f() { let xs = []; for i in [1] { xs.push(i); } xs } export fn g() { f(); }",
            "() -> Array<Integer>",
        ),
        (
            "fn f(n) { if n < 2 { return n; } f(n - 1) } export fn g() { f(1); }",
            "(Integer) -> Integer",
        ),
        ('fn f(x) { log(x); } export fn g() { f("a"); }', "(String) -> Unit"),
        ('fn f(a) { h(a) } fn h(b) { b + "x" } export fn g() { f("a"); }', "(String) -> String"),
        (
            'fn f(o) { try o catch 0 } export fn g() { f(parse_integer("1")); }',
            "(Option<Integer>) -> Integer",
        ),
        (
            'fn f(x) { require(x); while true { log("x"); } } export fn g() { f(true); }',
            "(Bool) -> Unit",
        ),
    ],
)
def test_omitted_signatures_are_inferred(text: str, expected: str) -> None:
    assert signature(text, "f") == expected


def test_every_type_of_a_program_is_closed() -> None:
    program = program_of(
        """
        fn pick(xs, n) { let found = []; for x in xs { if x > n { found.push(x); } } found }
        execution { let m = map_new(); m["a"] = pick([1, 2, 3], 1); m["a"].length() }
        """
    )
    for function in program.functions.values():
        for local in (*function.parameters, *function.locals):
            assert not is_open(local.type), f"{function.id}: {local.name}"
            assert variable_of(local.type) is None
            assert local.type == zonk(local.type)


def test_mutated_parameters_are_inferred() -> None:
    program = program_of(
        """
        struct P { yes: Integer, names: Array<String> }
        fn direct(p: P, q: P) { p.yes += q.yes; }
        fn passes(n: Integer, p: P) { direct(p, P { yes: n, names: [] }); }
        fn inner(p: P) { array_push(p.names, "x"); }
        fn around(p: P, times: Integer) { if times > 0 { around(p, times - 1); } inner(p); }
        fn copies(p: P) -> Integer { let q = p; q.yes = 5; q.yes }
        fn reads(p: P) -> Integer { p.yes }
        execution {
          let p = P { yes: 1, names: [] };
          let other = p; direct(p, other); passes(1, p); around(p, 2);
          copies(p) + reads(p)
        }
        """
    )
    mutated = {name: sorted(each.mutated) for name, each in program.functions.items()}
    assert mutated == {
        "direct": [0],
        "passes": [1],
        "inner": [0],
        "around": [0],
        "copies": [],
        "reads": [],
        "run entry": [],
    }


def test_arguments_are_marked_as_mutated() -> None:
    program = program_of(
        "fn f(a: Array<Integer>, b: Array<Integer>) { a.push(b[0]); }"
        " execution { let x = [1]; let y = [2]; f(x, y); x.length() + y.length() }"
    )
    calls = [
        statement.value
        for statement in program.functions["run entry"].body.statements
        if isinstance(statement, typed.Evaluate) and isinstance(statement.value, typed.CallFunction)
    ]
    assert [argument.mutated for argument in calls[0].arguments] == [True, False]


@pytest.mark.parametrize("written", ["2 * 365d", "365d * 2", "1460d / 2", "2 * (360d + 5d)"])
def test_open_number_beside_a_duration_is_an_integer(written: str) -> None:
    program_of(f"term: {written};")
    text = f"const TERM = {written}; export fn f(n: Integer) {{ TERM * n }}"
    assert signature(text, "f") == "(Integer) -> Duration"


def test_failed_unification_binds_nothing() -> None:
    a, b = fresh(), fresh()
    assert not unify(Map(a, Array(b)), Map(Prim.STRING, Prim.INTEGER))
    assert isinstance(prune(a), Var)
    assert unify(Map(a, Array(b)), Map(Prim.STRING, Array(Prim.INTEGER)))
    assert (zonk(a), zonk(b)) == (Prim.STRING, Prim.INTEGER)


def test_open_number_unifies_with_number_types_only() -> None:
    number = fresh(number=True)
    assert not unify(number, Prim.STRING)
    plain = fresh()
    assert unify(plain, number)
    assert not unify(plain, Prim.BOOL)
    assert zonk(plain, default=True) is Prim.INTEGER


def test_infinite_type_is_refused() -> None:
    a = fresh()
    kind: Type = Option(Array(a))
    assert not unify(a, kind)
    assert isinstance(prune(a), Var)


def test_trial_does_not_change_the_checker(monkeypatch: pytest.MonkeyPatch) -> None:
    def collections(checker: Checker) -> dict[str, list[object]]:
        values = {name: getattr(checker, name) for name in fields(checker)}
        kinds = (dict, list, set, deque)
        return {name: [*value] for name, value in values.items() if isinstance(value, kinds)}

    tried: list[int] = []

    class Watched(Annotations):
        def __init__(self, checker: Checker, entries: Sequence[bodies.Entry]) -> None:
            before = collections(checker)
            super().__init__(checker, entries)
            assert collections(checker) == before
            tried.append(len(before["signatures"]))

    monkeypatch.setattr(elaboration, "Annotations", Watched)
    text = "fn same<T>(x: T) -> T { x } fn pass_on(a) { same(a) } fn twice(f, x) { f(f(x)) }"
    compilation = check_text(f"{text} fn use(b) {{ twice(x => same(x), b) }}", path="test.ccl")
    assert tried
    assert {each.code for each in compilation.sink.diagnostics} >= {"CCL0442"}
