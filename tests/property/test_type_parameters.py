"""A type parameter is a type of its own in the function that declares it.

The oracle is the same function without type parameters, where each of them is the name of a
struct that nothing else knows: what is wrong there is wrong in the generic function, called or
not. Lines that do with a value what only some types can do are wrong there alone.
"""

import re
from random import Random

import pytest
from effort import seeds

from ccl.diagnostics.model import Diagnostic, is_error
from ccl.pipeline import check_text, compile_text

FUNCTIONS_PER_SEED = 30
_PARAMETERS = {
    "x": "T",
    "y": "U",
    "n": "Integer",
    "s": "String",
    "list": "Array<T>",
    "maybe": "Option<T>",
    "done": "Result<T, String>",
    "held": "Map<String, T>",
    "pair": "Pair<T, U>",
    "tree": "Tree<T>",
    "words": "Array<String>",
}
_TYPES = (*_PARAMETERS.values(), "Bool", "Array<U>", "Option<U>", "Pair<U, T>", "Option<Integer>")
_DECLARED = """\
struct Pair<A, B> { first: A, second: B }
enum Tree<A> { Leaf, Node(Array<Tree<A>>, A) }
fn same<A>(it: A) -> A { it }
fn first_of<A>(list: Array<A>, otherwise: A) -> A { for each in list { return each; } otherwise }
fn turned<A, B>(pair: Pair<A, B>) -> Pair<B, A> { Pair { first: pair.second, second: pair.first } }
fn chosen<A>(which, one: A, other: A) -> A { if which(one) { one } else { other } }
"""
_OPAQUE = "struct T { of_t: Integer }\nstruct U { of_u: Integer }\n"
_OPERATIONS = (
    "let o{} = x + x;",
    "let o{} = x < x;",
    "let o{} = -x;",
    "let o{} = !y;",
    "let o{} = x == y;",
    "let o{} = x + 1;",
    "let o{} = x.length();",
    "let o{} = y.label;",
    "let o{} = y[0];",
    'let o{} = "\\(x)";',
    "let o{} = list.sum();",
    "for each in x {{ done; }}",
    "match y {{ 1 => {{ }}, _ => {{ }} }}",
    "let o{}: Map<T, Integer> = map_new();",
    "let o{}: Integer = match x {{ Some(n) => n, None => 0 }};",
)
"""They need more of a type than that it is one."""


class Writer:
    """Writes bodies over `_PARAMETERS`; now and then a value has another type than it should,
    but never where something is done with it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.scope = {kind: [name] for name, kind in _PARAMETERS.items()}
        self.operations: set[int] = set()
        self.careful = False

    def used(self, kind: str, depth: int) -> str:
        """A value of the type, for an operation."""
        before, self.careful = self.careful, True
        text = self.expr(kind, depth)
        self.careful = before
        return text

    def expr(self, kind: str, depth: int) -> str:
        if not self.careful and self.random.random() < 0.06:
            kind = self.random.choice(_TYPES)
        known = self.scope.get(kind, ())
        if known and (depth == 0 or self.random.random() < 0.4):
            return self.random.choice(known)
        if depth == 0:
            return self.plain(kind)
        return self.random.choice(self.ways(kind, depth - 1))

    def plain(self, kind: str) -> str:
        match kind:
            case "Bool":
                return "true"
            case "Array<U>":
                return "[y]"
            case "Option<U>":
                return "Some(y)"
            case "Option<Integer>":
                return "Some(n)"
            case _:
                assert kind == "Pair<U, T>"
                return "Pair { first: y, second: x }"

    def ways(self, kind: str, depth: int) -> list[str]:
        def sub(part: str) -> str:
            return self.expr(part, depth)

        def used(part: str) -> str:
            return self.used(part, depth)

        ways = [
            f"same({sub(kind)})",
            f"(if {sub('Bool')} {{ {sub(kind)} }} else {{ {sub(kind)} }})",
            f"(match {used('Option<T>')} {{ Some(_) => {sub(kind)}, None => {sub(kind)} }})",
            f"[{used(kind)}, {used(kind)}][0]",
            f"first_of([{sub(kind)}], {sub(kind)})",
            f"chosen(_it => {sub('Bool')}, {sub(kind)}, {sub(kind)})",
            f"(try Some({used(kind)}) catch {sub(kind)})",
        ]
        match kind:
            case "T":
                ways += [f"{used('Array<T>')}[0]", f"{used('Pair<T, U>')}.first"]
                ways += [
                    f"(match {used('Tree<T>')} {{ Tree::Node(_, it) => it, _ => {sub('T')} }})"
                ]
            case "U":
                ways += [f"{used('Pair<T, U>')}.second", f"turned({sub('Pair<T, U>')}).first"]
            case "Integer":
                ways += [f"{used('Array<T>')}.length()", f"({used('Integer')} + 1)"]
            case "String":
                ways += [f"({used('String')} + {used('String')})", f'"\\({used("Integer")})"']
            case "Bool":
                ways += [f"({used('T')} == {used('T')})", f"({used('U')} != {used('U')})"]
                ways += [f"{used('Array<T>')}.any(it => it == {used('T')})", f"!{used('Bool')}"]
            case _ if kind.startswith("Array<"):
                part = kind[6:-1]
                ways += [f"[{sub(part)}]", f"{used(kind)}.filter(it => it == {used(part)})"]
                ways += [f"{used('Array<T>')}.map(_it => {sub(part)})"]
            case _ if kind.startswith("Option<"):
                ways += [f"Some({sub(kind[7:-1])})"]
            case "Pair<T, U>":
                ways += [f"Pair {{ first: {sub('T')}, second: {sub('U')} }}"]
            case "Pair<U, T>":
                ways += [f"turned({sub('Pair<T, U>')})"]
            case "Tree<T>":
                ways += [f"Tree::Node([{sub('Tree<T>')}], {sub('T')})"]
            case "Result<T, String>":
                ways += [f"Ok({sub('T')})", f"Err({sub('String')})"]
            case _:
                pass
        return ways

    def line(self, number: int) -> str:
        kind = self.random.choice(_TYPES)
        match self.random.randrange(6):
            case 0:
                return f"let v{number}: {kind} = {self.expr(kind, 2)};"
            case 1:
                return f"let v{number} = {self.expr(kind, 2)};"
            case 2:
                return f"if {self.expr('Bool', 1)} {{ return {self.expr('T', 1)}; }}"
            case 3:
                return f"list.push({self.expr('T', 2)});"
            case 4:
                return f'held["a"] = {self.expr("T", 2)};'
            case _:
                self.operations.add(number)
                return self.random.choice(_OPERATIONS).format(number)

    def function(self) -> tuple[str, str]:
        """What follows its type parameters, and the lines of its body."""
        lines = [self.line(number) for number in range(self.random.randrange(1, 4))]
        parameters = ", ".join(f"{name}: {kind}" for name, kind in _PARAMETERS.items())
        return f"({parameters}) -> T", "\n".join([*lines, self.expr("T", 2)])


def wrong(text: str, operations: set[int]) -> list[tuple[object, ...]]:
    """The errors beside those of operations: place, code and facts.

    What an operation gives may decide types that are open otherwise.
    """
    begin = text.index("\n", text.index("fn checked")) + 1
    found = []
    for each in check_text(text).sink.diagnostics:
        at = each.span.start
        line = text.count("\n", begin, at) if at >= begin else None
        of_operation = line in operations or _names_parameter(each)
        open_type = operations and each.code == "CCL0409"
        if is_error(each) and not (of_operation or open_type):
            found.append((line, at if line is None else at - begin, each.code, each.facts))
    return sorted(found, key=str)


def _names_parameter(each: Diagnostic) -> bool:
    """Whether an operator does not work on a type parameter."""
    kinds = each.facts.get("types", "").split(" and ")
    return each.code == "CCL0402" and not {"T", "U"}.isdisjoint(kinds)


@pytest.mark.parametrize("seed", seeds(0, 4))
def test_errors_are_those_with_opaque_structs(seed: int) -> None:
    for number in range(seed * FUNCTIONS_PER_SEED, (seed + 1) * FUNCTIONS_PER_SEED):
        writer = Writer(Random(number))
        head, body = writer.function()
        generic = f"{_DECLARED}\nfn checked<T, U>{head} {{\n{body}\n}}\n"
        opaque = f"{_DECLARED}{_OPAQUE}\nfn checked{head} {{\n{body}\n}}\n"
        assert wrong(generic, writer.operations) == wrong(opaque, writer.operations), generic


_INSTANCES = (("Integer", "String"), ("Array<Bool>", "Option<Decimal>"), ("String", "String"))


def _caller(name: str, head: str, t: str, u: str) -> str:
    """An export that calls `checked` with types for its parameters."""
    declared = re.sub(r"\bU\b", u, re.sub(r"\bT\b", t, head))
    return f"export fn {name}{declared} {{ checked({', '.join(_PARAMETERS)}) }}\n"


@pytest.mark.parametrize("seed", seeds(0, 4))
def test_body_without_errors_compiles_for_all_types(seed: int) -> None:
    count = 0
    for number in range(seed * FUNCTIONS_PER_SEED, (seed + 1) * FUNCTIONS_PER_SEED):
        writer = Writer(Random(number))
        head, body = writer.function()
        generic = f"{_DECLARED}\nfn checked<T, U>{head} {{\n{body}\n}}\n"
        if writer.operations or wrong(generic, set()):
            continue
        callers = [_caller(f"call{i}", head, t, u) for i, (t, u) in enumerate(_INSTANCES)]
        compiled = compile_text("".join((generic, *callers)))
        assert compiled.wasm is not None, (generic, compiled.compilation.sink.diagnostics)
        count += 1
    assert count > 0


def test_type_parameter_differs_from_a_type_of_its_name() -> None:
    text = "struct Seat { n: Integer }\nfn f<Seat>(_x: Integer) -> Seat { Seat { n: 1 } }\n"
    (error,) = filter(is_error, check_text(text).sink.diagnostics)
    assert (error.facts["expected"], error.facts["found"]) == ("the type parameter Seat", "Seat")
