"""Random programs whose calls get places of variables and of the state, as trees.

Expressions and statements are tuples: ("place", root, steps), ("new", value), ("call", name,
arguments, form, order), ("part", box), ("pop", place), ("push", place, value), ("set", place,
value), ("length", place), ("add", left, right), ("each", place, name, body), …
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

FRESH: dict[str, Any] = {
    "row": [3, 1],
    "rows": [[1, 2], [3]],
    "box": {"items": [1], "rows": [[2, 9], [3]], "n": 4},
}


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
