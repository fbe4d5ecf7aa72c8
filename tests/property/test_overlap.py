"""A parameter is the caller's object: programs as text against an interpreter of references.

The interpreter knows two rules. An argument that is a place is the object itself; all else copies:
`let`, assignment, storing, returning and binding. A program that is accepted has its value, and one
is only refused where a root occurs in two arguments of a call, or a callee reaches the state.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from ccl_machine import run
from effort import seeds

from ccl.pipeline import compile_text
from runtime.execution import OutcomeKind

PROGRAMS_PER_SEED = 30
MODULUS = 1_000_003
OVERLAPS = {"CCL0448", "CCL0449", "CCL0453"}
HEADER = """\
struct Box { items: Array<Integer>, rows: Array<Array<Integer>>, n: Integer }
state kept: Box = Box { items: [1, 2, 3], rows: [[4, 5], [6]], n: 7 };
fn items_of(box: Box) -> Array<Integer> { box.items }
fn each(list: Array<Integer>, act) -> Integer {
  let t = 0;
  for one in list { t += act(one); }
  list.push(t);
  t
}
"""
TYPES = {"row": "Array<Integer>", "rows": "Array<Array<Integer>>", "box": "Box", "n": "Integer"}
FRESH: dict[str, Any] = {
    "row": [3, 1],
    "rows": [[1, 2], [3]],
    "box": {"items": [1], "rows": [[2, 9], [3]], "n": 4},
}


def literal(value: Any) -> str:
    match value:
        case dict():
            inside = ", ".join(f"{name}: {literal(each)}" for name, each in value.items())
            return f"Box {{ {inside} }}"
        case list():
            return f"[{', '.join(literal(each) for each in value)}]"
        case _:
            return str(value)


# --- programs ---------------------------------------------------------------------------
# Expressions and statements are tuples: ("place", root, steps), ("new", value), ("call", name,
# arguments), ("part", box), ("pop", place), ("push", place, value), ("set", place, value),
# ("length", place), ("add", left, right), ("each", place, statements, value), …


@dataclass
class Function:
    name: str
    parameters: list[tuple[str, str]]
    body: list[Any] = field(default_factory=list)


class Writer:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.functions: list[Function] = []
        self.scope: list[tuple[str, str]] = []
        self.fixed: set[str] = set()
        self.count = 0
        self.in_lambda = 0
        self.stateful = random.random() < 0.3

    def name(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def place(self, kind: str, *, changed: bool = False) -> Any:
        """A place of a kind; None if there is none."""
        found: list[Any] = []
        roots = [each for each in self.scope if not (changed and each[0] in self.fixed)]
        for root, of in [*roots, *([("kept", "box")] if self.stateful else [])]:
            index = self.random.choice([0, 0, 1, ("place", "i", ())])
            row = (("at", index),)
            match of, kind:
                case _ if of == kind:
                    found.append((root, ()))
                case "box", "row":
                    found += [(root, ("items",)), (root, ("rows", *row))]
                case "box", ("rows" | "n"):
                    found.append((root, (kind,)))
                case "rows", "row":
                    found.append((root, row))
        return ("place", *self.random.choice(found)) if found else None

    def object(self, kind: str, *, passed: bool = False) -> Any:
        if kind == "row" and self.random.random() < 0.15:
            box = self.place("box")
            if box is not None:
                return ("part", box)
        place = self.place(kind, changed=passed) if self.random.random() < 0.8 else None
        return place or ("new", FRESH[kind])

    def number(self, depth: int = 2) -> Any:
        form = self.random.choice(["new", "n", "length", "first", "pop", "call", "block", "add"])
        row = self.place("row", changed=True)
        if depth and form == "call" and self.functions:
            return self.call(depth - 1)
        if depth and form == "add":
            return ("add", self.number(depth - 1), self.number(depth - 1))
        if row and form == "pop":
            return ("pop", row)
        if row and form in ("length", "first"):
            return (form, row)
        if depth and form == "block" and not self.in_lambda:
            return ("block", self.change(depth - 1), self.number(depth - 1))
        if form == "n" and (n := self.place("n")):
            return n
        return ("new", self.random.randrange(1, 9))

    def call(self, depth: int) -> Any:
        """Mostly with arguments of different roots, so that most programs are accepted."""
        function = self.random.choice(self.functions)
        wanted = self.random.random() < 0.85
        for _ in range(6):
            arguments = [
                self.number(depth) if kind == "n" else self.object(kind, passed=True)
                for _, kind in function.parameters
            ]
            first, second = map(roots, arguments)
            if not (wanted and (first & second) - {"i"}):
                break
        is_method = function.parameters[0][1] != "n" and arguments[0][0] == "place"
        form = self.random.choice(["call", "named", "method" if is_method else "call"])
        order = list(range(len(arguments)))
        if form == "named":
            self.random.shuffle(order)
        return ("call", function.name, arguments, form, order)

    def change(self, depth: int) -> Any:
        form = self.random.choice(["push", "push", "push_row", "set", "set", "set_n", "pop"])
        kind = {"push": "row", "pop": "row", "push_row": "rows", "set_n": "n"}.get(form)
        kind = kind or self.random.choice(["row", "rows", "box"])
        place = self.place(kind, changed=True)
        if place is None:
            return ("total", ("new", 1))
        match form:
            case "push":
                return ("push", place, self.number(depth))
            case "push_row":
                return ("push", place, self.object("row"))
            case "pop":
                return ("total", ("pop", place))
            case "set_n":
                return ("set", place, self.number(depth))
            case _:
                return ("set", place, self.object(kind))

    def statement(self, depth: int) -> Any:
        form = self.random.choice(["call"] * 4 + ["change"] * 3 + ["let", "for", "each", "some"])
        kind = self.random.choice(["row", "rows", "box"])
        if form == "call" and self.functions:
            return ("total", self.call(2))
        if form == "let":
            name, value = self.name("v"), self.object(kind)
            self.scope.append((name, kind))
            return ("let", name, value, kind)
        if depth and form == "for" and (rows := self.place("rows")):
            name = self.name("x")
            return ("for", name, rows, self.block(depth - 1, [(name, "row")]))
        if depth and form == "some":
            name, value = self.name("m"), self.object(kind)
            return ("some", name, value, self.block(depth - 1, [(name, kind)]))
        if form == "each" and (row := self.place("row", changed=True)):
            name = self.name("x")
            self.in_lambda += 1
            self.scope.append((name, "n"))
            self.fixed.add(name)
            body = self.number(1)
            self.scope.pop()
            self.in_lambda -= 1
            return ("total", ("each", row, name, body))
        return self.change(2)

    def block(self, depth: int, new: list[tuple[str, str]], count: int = 3) -> list[Any]:
        outer = list(self.scope)
        self.scope += new
        self.fixed |= {name for name, _ in new}
        found = [self.statement(depth) for _ in range(self.random.randrange(1, count + 1))]
        added = self.scope[len(outer) :]
        self.scope = outer
        return found + [("digest", name, kind) for name, kind in added]

    def program(self) -> list[Any]:
        for number in range(3):
            kinds = [self.random.choice(["row", "row", "rows", "box", "n"]) for _ in range(2)]
            parameters = [(f"p{number}{place}", kind) for place, kind in enumerate(kinds)]
            function = Function(f"f{number}", parameters)
            self.scope = [*parameters, ("i", "n")]
            self.fixed = {"i"}
            function.body = [self.statement(1) for _ in range(2)]
            function.body += [("digest", *each) for each in self.scope if each[0][0] == "v"]
            self.functions.append(function)
        self.scope = [("a", "box"), ("b", "rows"), ("c", "row"), ("i", "n")]
        self.fixed = {"i"}
        starts = [("let", name, ("new", FRESH[kind]), kind) for name, kind in self.scope[:3]]
        body = [self.statement(2) for _ in range(4)]
        names = [*self.scope[:3], *[each for each in self.scope if each[0][0] == "v"]]
        return [*starts, *body, *[("digest", *each) for each in names]]


# --- text -------------------------------------------------------------------------------


def shown(node: Any) -> str:
    match node:
        case ("place", root, steps):
            inner = [f".{s}" if isinstance(s, str) else f"[{at(s[1])}]" for s in steps]
            return "".join([root, *inner])
        case ("new", value):
            return literal(value)
        case ("part", box):
            return f"items_of({shown(box)})"
        case ("pop", place):
            return f"{shown(place)}.pop()"
        case ("length", place):
            return f"{shown(place)}.length()"
        case ("first", place):
            return f"{shown(place)}[0]"
        case ("add", left, right):
            return f"({shown(left)} + {shown(right)})"
        case ("block", change, value):
            return f"({{ {stated(change)} {shown(value)} }})"
        case ("each", row, name, body):
            return f"each({shown(row)}, {name} => {shown(body)})"
        case ("call", name, (first, *rest), "method", _):
            return f"{shown(first)}.{name}({', '.join(map(shown, rest))})"
        case ("call", name, arguments, "named", order):
            listed = (f"p{name[1:]}{n}: {shown(arguments[n])}" for n in order)
            return f"{name}({', '.join(listed)})"
        case ("call", name, arguments, _, _):
            return f"{name}({', '.join(map(shown, arguments))})"
    raise AssertionError(node)


def at(index: Any) -> str:
    return str(index) if isinstance(index, int) else shown(index)


def digest(name: str, kind: str) -> str:
    return {
        "row": f"{name}.length()",
        "rows": f"{name}.length() * 10 + {name}[0].length()",
        "box": f"{name}.items.length() * 100 + {name}.rows.length() * 10 + {name}.n",
        "n": name,
    }[kind]


def stated(node: Any) -> str:
    match node:
        case ("total", value):
            return f"t = (t * 7 + {shown(value)}) % {MODULUS};"
        case ("digest", name, kind):
            return f"t = (t * 7 + {digest(name, kind)}) % {MODULUS};"
        case ("push", place, value):
            return f"{shown(place)}.push({shown(value)});"
        case ("set", place, value):
            return f"{shown(place)} = {shown(value)};"
        case ("let", name, value, _):
            return f"let {name} = {shown(value)};"
        case ("for", name, rows, body):
            return f"for {name} in {shown(rows)} {{ {' '.join(map(stated, body))} }}"
        case ("some", name, value, body):
            inside = " ".join(map(stated, body))
            return f"match Some({shown(value)}) {{ Some({name}) => {{ {inside} }} None => {{ }} }}"
    raise AssertionError(node)


def text_of(writer: Writer, body: list[Any]) -> str:
    lines = [HEADER]
    for each in writer.functions:
        parameters = ", ".join(f"{name}: {TYPES[kind]}" for name, kind in each.parameters)
        inside = "\n  ".join(map(stated, each.body))
        lines.append(
            f"fn {each.name}({parameters}) -> Integer {{\n  let t = 1; let i = t % 2;\n  {inside}"
            "\n  t\n}"
        )
    inside = "\n  ".join(map(stated, body))
    lines.append(f"execution {{\n  let t = 1; let i = t % 2;\n  {inside}\n")
    lines.append(f"  {stated(('digest', 'kept', 'box'))}\n  t\n}}\n")
    return "\n".join(lines)


# --- the interpreter --------------------------------------------------------------------


class Trap(Exception):
    """An index out of range, or `pop` of an empty array."""


class Interpreter:
    def __init__(self, functions: list[Function]) -> None:
        self.functions = {each.name: each for each in functions}
        self.kept = {"kept": {"items": [1, 2, 3], "rows": [[4, 5], [6]], "n": 7}}

    def run(self, body: list[Any]) -> int:
        frame: dict[str, Any] = {"t": 1, "i": 1}
        self.block([*body, ("digest", "kept", "box")], frame)
        return int(frame["t"])

    def block(self, body: list[Any], frame: dict[str, Any]) -> None:
        for each in body:
            self.statement(each, frame)

    def holder(self, place: Any, frame: dict[str, Any]) -> tuple[Any, Any]:
        """What holds the object of a place, and under which key."""
        _, root, steps = place
        holder: Any = self.kept if root == "kept" else frame
        key: Any = root
        for step in steps:
            holder = self.held(holder, key)
            match step:
                case ("at", int() as index):
                    key = index
                case ("at", index):
                    key = self.value(index, frame)
                case name:
                    key = name
        return holder, key

    @staticmethod
    def held(holder: Any, key: Any) -> Any:
        if isinstance(holder, list) and not 0 <= key < len(holder):
            raise Trap
        return holder[key]

    def value(self, node: Any, frame: dict[str, Any]) -> Any:
        """The object itself of a place; what is made anew otherwise."""
        match node:
            case ("place", _, _):
                return self.held(*self.holder(node, frame))
            case ("new", value):
                return deepcopy(value)
            case ("part", box):
                return deepcopy(self.value(box, frame)["items"])
            case ("pop", place):
                row = self.value(place, frame)
                if not row:
                    raise Trap
                return row.pop()
            case ("length", place):
                return len(self.value(place, frame))
            case ("first", place):
                return self.held(self.value(place, frame), 0)
            case ("add", left, right):
                before = self.value(left, frame)
                return before + self.value(right, frame)
            case ("block", change, value):
                self.statement(change, frame)
                return self.value(value, frame)
            case ("each", place, name, body):
                row, total = self.value(place, frame), 0
                for one in list(row):
                    total += self.value(body, {**frame, name: one})
                row.append(total)
                return total
            case ("call", name, arguments, _, order):
                given = {n: self.value(arguments[n], frame) for n in order}
                function = self.functions[name]
                inner = {key: given[n] for n, (key, _) in enumerate(function.parameters)}
                inner |= {"t": 1, "i": 1}
                self.block(function.body, inner)
                return inner["t"]
        raise AssertionError(node)

    def statement(self, node: Any, frame: dict[str, Any]) -> None:
        match node:
            case ("total", value):
                before = frame["t"]
                frame["t"] = (before * 7 + self.value(value, frame)) % MODULUS
            case ("digest", name, kind):
                scope = {**self.kept, **frame}
                frame["t"] = (frame["t"] * 7 + self.digest(scope[name], kind)) % MODULUS
            case ("push", place, value):
                row = self.value(place, frame)
                row.append(deepcopy(self.value(value, frame)))
            case ("set", place, value):
                new = deepcopy(self.value(value, frame))
                holder, key = self.holder(place, frame)
                self.held(holder, key)
                holder[key] = new
            case ("let", name, value, _):
                frame[name] = deepcopy(self.value(value, frame))
            case ("for", name, rows, body):
                for row in deepcopy(self.value(rows, frame)):
                    frame[name] = row
                    self.block(body, frame)
            case ("some", name, value, body):
                frame[name] = deepcopy(self.value(value, frame))
                self.block(body, frame)
            case _:
                raise AssertionError(node)

    def digest(self, value: Any, kind: str) -> int:
        match kind:
            case "row":
                return len(value)
            case "rows":
                return len(value) * 10 + len(self.held(value, 0))
            case "box":
                return len(value["items"]) * 100 + len(value["rows"]) * 10 + int(value["n"])
            case _:
                return int(value)


# --- overlap, by its definition ---------------------------------------------------------


def roots(node: Any) -> set[str]:
    """The variables and the state that a part of the program names."""
    if isinstance(node, tuple) and node[:1] == ("place",):
        return {node[1]}.union(*(roots(step) for step in node[2]))
    if isinstance(node, tuple | list):
        return set().union(*(roots(each) for each in node))
    return set()


def called(node: Any) -> set[str]:
    if isinstance(node, tuple | list):
        found = set().union(*(called(each) for each in node))
        return found | {node[1]} if node[:1] == ("call",) else found
    return set()


def may_overlap(node: Any, stateful: set[str]) -> bool:
    """Whether a call in it names one root in two arguments, or reaches a state that it is given."""
    if not isinstance(node, tuple | list):
        return False
    groups: list[Any] = []
    match node:
        case ("call", _, arguments, *_):
            groups = list(arguments)
        case ("push" | "each", *arguments):
            groups = list(arguments)
    named = [roots(each) | ({"kept"} if called(each) & stateful else set()) for each in groups]
    if node[:1] == ("call",) and node[1] in stateful:
        named.append({"kept"})
    for n, one in enumerate(named):
        if any((one & other) - {"i"} for other in named[:n]):
            return True
    return any(may_overlap(each, stateful) for each in node)


def stateful_functions(functions: list[Function]) -> set[str]:
    found: set[str] = set()
    for each in functions:
        if "kept" in roots(each.body) or called(each.body) & found:
            found.add(each.name)
    return found


@pytest.mark.parametrize("seed", seeds(0, 4))
def test_accepted_programs_keep_to_references(seed: int) -> None:
    accepted = refused = 0
    for number in range(seed * PROGRAMS_PER_SEED, (seed + 1) * PROGRAMS_PER_SEED):
        writer = Writer(Random(number))
        body = writer.program()
        text = text_of(writer, body)
        compiled = compile_text(text, path="generated.ccl")
        errors = {
            each.code
            for each in compiled.compilation.sink.diagnostics
            if not each.code.startswith("CCL09")
        }
        if errors:
            refused += 1
            assert errors <= OVERLAPS, f"{number} {errors - OVERLAPS}\n{text}"
            stateful = stateful_functions(writer.functions)
            everything = [each.body for each in writer.functions] + [body]
            assert may_overlap(everything, stateful), f"{number} {errors}\n{text}"
            continue
        accepted += 1
        assert compiled.wasm is not None
        ran = run(compiled.wasm)
        try:
            expected: object = Interpreter(writer.functions).run(body)
        except Trap:
            expected = OutcomeKind.TRAPPED
        found = ran.outcome.kind if ran.output is None else ran.value
        assert found == expected, f"{number}: {found}, expected {expected}\n{text}"
    assert accepted > PROGRAMS_PER_SEED // 10, f"{accepted} accepted, {refused} refused"
