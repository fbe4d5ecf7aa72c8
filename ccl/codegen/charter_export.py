"""The export `charter`: replays the declarations through the host, in their order.

Values are DAG-CBOR: texts, booleans and lists; a plain number is an integer, a number with a unit
or with decimal places `{"unit": "%", "value": 50}`, where the value is an integer or, with places,
its text; the label of a range `{"from": …, "to": …}`, with `below` for `to` where it is half-open;
a call `{"call": name, "arguments": […]}`, of named arguments `"named": [[name, value], …]`; an
inline object `{"entries": […]}`: `["property", key, value]`, `["section", key, label, entries]`.

Conditions are decided first, those within a rule only where the rule holds. Each local holds 0
(does not hold), 1 (holds) or more (undecided), so a test of either branch fails when undecided.
"""

from typing import Any, Final, assert_never

from ccl.abi.layout import CHARTER_EXPORT
from ccl.codegen.module_builder import ModuleBuilder
from ccl.ir.typed import (
    ALWAYS,
    UNDECIDED,
    CharterBand,
    CharterBool,
    CharterCall,
    CharterDecision,
    CharterList,
    CharterNode,
    CharterNumber,
    CharterObject,
    CharterProperty,
    CharterSection,
    CharterTest,
    CharterText,
    CharterValue,
    Guard,
    NumberUnit,
)
from ccl.source.spans import SourceMap
from ccl.wasm import model
from runtime.content.codec import encode

EXPORT = CHARTER_EXPORT
_SHARED_MIN: Final = 4
"""Tests of a guard from which on it is kept in a local, so that each rule of a chain of `else if`
tests the one before it and not all of them."""


def replay(module: ModuleBuilder, sources: SourceMap) -> model.Function | None:
    """Builds the function behind the export; None if nothing is declared."""
    if not module.program.charter:
        return None
    replaying = _Replay(module, sources)
    replaying.decide()
    for node in module.program.charter:
        replaying.node(node, ALWAYS)
    return model.Function(
        name="charter",
        parameters=(),
        result=None,
        locals=(
            *((_local(number), "i64") for number in range(len(module.program.conditions))),
            *((name, "i32") for name in replaying.shared.values()),
        ),
        body=replaying.body,
    )


def _local(number: int) -> str:
    return f"condition.{number}"


class _Replay:
    """The body of the export under construction."""

    def __init__(self, module: ModuleBuilder, sources: SourceMap) -> None:
        self._module = module
        self._sources = sources
        self.body: list[str] = []
        self.shared: dict[Guard, str] = {}
        """The locals of guards that conditions are under."""

    def decide(self) -> None:
        """Evaluates every condition, after those around it."""
        program = self._module.program
        for number, condition in enumerate(program.conditions):
            self._share(condition.when, number)
            guarded = self._begin((condition.when,))
            name = self._module.function_name(program.functions[condition.function])
            self.body += [f"call ${name}", f"local.set ${_local(number)}"]
            self._end(guarded)

    def _share(self, guard: Guard, number: int) -> None:
        if len(guard) >= _SHARED_MIN and guard not in self.shared:
            self.body += [*self._all(guard, ALWAYS), f"local.set $guard.{number}"]
            self.shared[guard] = f"guard.{number}"

    def node(self, node: CharterNode, known: Guard) -> None:
        """Replays an entry. `known`: tests that hold around it and are not repeated."""
        match node:
            case CharterProperty(key=key, value=value):
                guarded = self._begin((node.when,), node.unless, known)
                self._call("host_set_property", key.encode(), encode(plain(value)))
                self._end(guarded)
            case CharterSection(key=key, value=value, entries=entries):
                guarded = self._begin(node.when, known=known)
                label = None if value is None else plain(value)
                self._call("host_begin_section", key.encode(), encode(label))
                inside = known | node.when[0] if len(node.when) == 1 else known
                for entry in entries:
                    self.node(entry, inside)
                self._call("host_end_section")
                self._end(guarded)
            case CharterDecision():
                guarded = self._begin((node.when,), known=known)
                self._undecided(node.condition)
                self._end(guarded)
            case _:
                assert_never(node)

    def _undecided(self, number: int) -> None:
        """Reports the condition, the missing field and its place."""
        condition = self._module.program.conditions[number]
        if not condition.missing:
            return
        place = self._sources.place(condition.span).encode()
        text = condition.text
        for offset, path in enumerate(condition.missing):
            self.body += [f"local.get ${_local(number)}", f"i64.const {UNDECIDED + offset}"]
            self.body += ["i64.eq", "if"]
            self._call("host_leave_undecided", text.encode(), path.encode(), place)
            self.body.append("end")

    def _begin(
        self, when: tuple[Guard, ...], unless: tuple[Guard, ...] = (), known: Guard = ALWAYS
    ) -> bool:
        """Opens a branch for an entry under a condition."""
        tests = [] if any(guard <= known for guard in when) else [self._any(when, known)]
        tests += [[*self._all(guard, ALWAYS), "i32.eqz"] for guard in unless]
        if not tests:
            return False
        for count, test in enumerate(tests):
            self.body += [*test, *(["i32.and"] if count else [])]
        self.body.append("if")
        return True

    def _any(self, guards: tuple[Guard, ...], known: Guard) -> list[str]:
        body: list[str] = []
        for count, guard in enumerate(guards):
            body += [*self._all(guard, known), *(["i32.or"] if count else [])]
        return body

    def _all(self, guard: Guard, known: Guard) -> list[str]:
        """Pushes whether every test of the guard holds, without those of `known`."""
        tests = sorted(guard - known, key=lambda test: test.condition)
        if len(tests) >= _SHARED_MIN:
            if guard in self.shared:
                return [f"local.get ${self.shared[guard]}"]
            before = self.shared.get(guard - {tests[-1]})
            if before is not None:
                return [f"local.get ${before}", *_holds(tests[-1]), "i32.and"]
        body: list[str] = []
        for count, test in enumerate(tests):
            body += [*_holds(test), *(["i32.and"] if count else [])]
        return body

    def _end(self, guarded: bool) -> None:
        if guarded:
            self.body.append("end")

    def _call(self, name: str, *arguments: bytes) -> None:
        self._module.called.add(name)
        for argument in arguments:
            self.body.append(f"i32.const {self._module.constants.block(argument)}")
            self.body.append(f"i32.const {len(argument)}")
        self.body.append(f"call ${name}")


def _holds(test: CharterTest) -> list[str]:
    return [f"local.get ${_local(test.condition)}", f"i64.const {int(test.holds)}", "i64.eq"]


def plain(value: CharterValue) -> Any:
    """Converts a charter value to one of the codec."""
    match value:
        case CharterNumber(value=number, unit=unit):
            if unit is NumberUnit.PLAIN and isinstance(number, int):
                return number
            return {"unit": unit.value, "value": number}
        case CharterText(value=text):
            return text
        case CharterBool(value=flag):
            return flag
        case CharterList(items=items):
            return [plain(item) for item in items]
        case CharterObject(entries=entries):
            return {"entries": [_entry(each) for each in entries]}
        case CharterBand(low=low, high=high, half_open=half_open):
            return {"from": plain(low), "below" if half_open else "to": plain(high)}
        case CharterCall(name=name, arguments=arguments, names=names):
            given = [plain(each) for each in arguments]
            if names is None:
                return {"call": name, "arguments": given}
            return {"call": name, "named": [list(each) for each in zip(names, given, strict=True)]}
        case _:
            assert_never(value)


def _entry(node: CharterNode) -> list[Any]:
    """Converts an entry of a constant object, in which nothing depends on a condition."""
    match node:
        case CharterProperty(key=key, value=value):
            return ["property", key, plain(value)]
        case CharterSection(key=key, value=value, entries=entries):
            label = None if value is None else plain(value)
            return ["section", key, label, [_entry(each) for each in entries]]
        case CharterDecision():
            raise AssertionError("the checker refuses rules in constant objects")
        case _:
            assert_never(node)
