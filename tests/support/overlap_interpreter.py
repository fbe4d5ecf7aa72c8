"""The programs of `overlap_programs`, run with references as Python has them.

Rule: an argument that is a place is the object itself; all else copies: `let`, assignment, storing,
returning and binding.
"""

from copy import deepcopy
from typing import Any

from overlap_programs import Function
from overlap_texts import MODULUS


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
