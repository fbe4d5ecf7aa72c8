"""Instances of generic declarations: any number is accepted, an infinite chain is refused."""

import pytest

from ccl.pipeline import check_text, compile_text

COUNT = 210
_HEAD = """\
fn first<T>(xs: Array<T>) -> T { xs[0] }
struct Pair<A, B> { one: A, two: B }
"""


def _codes(text: str) -> list[str]:
    return [each.code for each in check_text(text).sink.diagnostics]


def test_instances_up_to_the_number_of_calls_are_accepted() -> None:
    """Of generic and higher-order functions, inline functions and generic types."""
    parts = [
        f"""\
struct S{n} {{ x: Integer }}
fn f{n}(xs: Array<Integer>) -> Integer {{
  let pair = Pair {{ one: S{n} {{ x: {n} }}, two: xs }};
  first([pair]).one.x + xs.map(x => x + {n}).filter(x => x > {n}).sum()
}}
"""
        for n in range(COUNT)
    ]
    calls = "".join(f"  total += f{n}([{n}]);\n" for n in range(COUNT))
    text = f"{_HEAD}{''.join(parts)}execution {{\n  let total = 0;\n{calls}  total\n}}\n"
    compiled = compile_text(text)
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics[:3]


@pytest.mark.parametrize(
    "text",
    [
        "fn grow<T>(x: T, n: Integer) -> Integer { if n == 0 { 0 } else { grow([x], n - 1) } }\n"
        "execution { grow(1, 3) }",
        "fn grow(n: Integer, f) -> Integer { if n == 0 { f(1) } else { grow(n - 1, x => f(x)) } }\n"
        "execution { grow(3, x => x) }",
        "fn grow(n: Integer, f) -> Integer {\n"
        "  if n == 0 { f(1) } else { [1].map(y => grow(n - 1, x => f(x) + y)).sum() }\n}\n"
        "execution { grow(3, x => x) }",
        "fn one(n: Integer, f) -> Integer { if n == 0 { f(1) } else { two(n - 1, x => f(x)) } }\n"
        "fn two(n: Integer, f) -> Integer { if n == 0 { f(1) } else { one(n - 1, x => f(x)) } }\n"
        "execution { one(3, x => x) }",
        "struct Grow<T> { value: T, more: Option<Grow<Array<T>>> }\n"
        "export fn f(grow: Grow<Integer>) -> Integer { grow.value }",
        "struct A<T> { b: Option<B<Array<T>>> }\nstruct B<T> { a: Option<A<T>> }\n"
        "export fn f(a: A<Integer>) -> Bool { a.b.is_some() }",
    ],
    ids=["type", "function", "inside an inline function", "in turns", "struct", "structs in turns"],
)
def test_infinite_chain_of_instances_is_refused(text: str) -> None:
    assert "CCL0604" in _codes(text)


def test_recursive_function_without_a_name_is_checked() -> None:
    text = "export fn f(xs: Array<Integer>) -> Integer { xs.map(x => x).sum() }\nfn() { 1 }"
    assert _codes(text) == ["CCL0115"]
