"""Events from the entries of handlers: a model of handlers, the module, the interpreter.

A handler is generated as statements over one counter `n`; the model runs them as Python.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from typed_interpreter import Interpreter
from typed_trees import Host, Running

from ccl.artifacts.artifact import emit
from ccl.pipeline import check_text
from runtime.content.codec import decode

Statement = tuple[Any, ...]

keys = st.sampled_from(["status", "a", "bb"])
conditions = st.tuples(st.integers(1, 4), st.integers(0, 3))
leaves = st.one_of(
    st.tuples(st.just("number"), st.integers(-5, 300)),
    st.tuples(st.just("text"), st.sampled_from(["", "x", "Ä b", "a" * 30])),
    st.tuples(st.just("word"), st.sampled_from(["open", "late.now"])),
)


def _record(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(keys, inner, min_size=1, max_size=3)
    others = st.dictionaries(keys, inner, max_size=2)
    return st.tuples(st.just("record"), fields, conditions, others)


values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        _record(inner), st.tuples(st.just("list"), st.lists(inner, max_size=3))
    ),
    max_leaves=5,
)
simple = st.one_of(
    st.tuples(st.just("set"), keys, values), st.tuples(st.just("add"), st.integers(1, 3))
)
statements = st.recursive(
    st.lists(simple, max_size=3),
    lambda inner: st.lists(
        st.one_of(
            simple,
            st.tuples(st.just("if"), conditions, inner, inner),
            st.tuples(st.just("leave if"), conditions),
            st.tuples(st.just("times"), st.integers(0, 3), inner),
        ),
        max_size=4,
    ),
    max_leaves=8,
)


# --- as CCL -----------------------------------------------------------------------------


def _asked(condition: tuple[int, int]) -> str:
    return f"n % {condition[0]} == {condition[1]}"


def _value(value: Any) -> str:
    match value:
        case ("number", int(number)):
            return f"n + {number}" if number >= 0 else f"n - {-number}"
        case ("text", str(text)):
            return f'"{text}"'
        case ("word", str(word)):
            return word
        case ("list", list(parts)):
            return f"[{', '.join(map(_value, parts))}]"
        case ("record", fields, condition, others):
            rule = f"if {_asked(condition)} {{ {_fields(others)} }}" if others else ""
            return f"{{ {_fields(fields)} {rule} }}"
        case _:
            raise AssertionError(value)


def _fields(fields: dict[str, Any]) -> str:
    return " ".join(f"{key}: {_value(value)};" for key, value in fields.items())


def _text(body: list[Statement], depth: int = 0) -> str:
    lines = []
    for statement in body:
        match statement:
            case ("set", key, value):
                lines.append(f"{key}: {_value(value)};")
            case ("add", number):
                lines.append(f"n += {number};")
            case ("if", condition, then, otherwise):
                head = f"if {_asked(condition)} {{ {_text(then, depth)} }}"
                lines.append(f"{head} else {{ {_text(otherwise, depth)} }}")
            case ("leave if", condition):
                lines.append(f"if {_asked(condition)} {{ return; }}")
            case ("times", count, inner):
                i = f"i{depth}"
                turn = f"{i} += 1; {_text(inner, depth + 1)}"
                lines.append(f"let {i} = 0; while {i} < {count} {{ {turn} }}")
            case _:
                raise AssertionError(statement)
    return "\n".join(lines)


# --- as Python --------------------------------------------------------------------------


class _Left(Exception):
    """The handler returned."""


@dataclass
class Model:
    n: int = 0
    outcome: dict[str, Any] = field(default_factory=dict)

    def run(self, body: list[Statement]) -> None:
        for statement in body:
            match statement:
                case ("set", key, value):
                    self.outcome[key] = self.value(value)
                case ("add", number):
                    self.n += number
                case ("if", condition, then, otherwise):
                    self.run(then if self.holds(condition) else otherwise)
                case ("leave if", condition):
                    if self.holds(condition):
                        raise _Left
                case ("times", count, inner):
                    for _ in range(count):
                        self.run(inner)
                case _:
                    raise AssertionError(statement)

    def holds(self, condition: tuple[int, int]) -> bool:
        return self.n % condition[0] == condition[1]

    def value(self, value: Any) -> Any:
        match value:
            case ("number", int(number)):
                return self.n + number
            case ("text" | "word", str(text)):
                return text
            case ("list", list(parts)):
                return [self.value(part) for part in parts]
            case ("record", fields, condition, others):
                made = {key: self.value(each) for key, each in fields.items()}
                if self.holds(condition):
                    made |= {key: self.value(each) for key, each in others.items()}
                return made
            case _:
                raise AssertionError(value)


@examples(60)
@given(statements)
def test_outcome_is_what_was_set(body: list[Statement]) -> None:
    model = Model()
    with suppress(_Left):
        model.run(body)
    expected = [("e", model.outcome)] if model.outcome else []

    compilation = check_text(
        f'on "e" {{ let n = 0;\n{_text(body)}\n_last(n); }} fn _last(n: Integer) {{}}'
    )
    assert compilation.program is not None, compilation.sink.diagnostics
    interpreter = Interpreter(compilation.program)
    interpreter.export("on:e", {})
    assert interpreter.events == expected

    artifact = emit(
        compilation.program, compilation.sources, source_cids={}, compiler_version="test"
    )
    running = Running(artifact, Host({"host_emit": 1}))
    running.apply("on:e", {})
    emitted = [
        (name, decode(data))
        for call, (name, data, *_) in ((c, v) for c, v in running.host.calls if c == "host_emit")
    ]
    assert emitted == expected
    assert running.live_blocks() == 0
