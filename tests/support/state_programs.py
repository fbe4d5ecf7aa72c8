"""Random programs with state: exports that read and change it directly and through helpers.

Written with state variables as if they were variables, of which the references are then made
references to state.
"""

from collections.abc import Callable
from typing import Any

from typed_programs import (
    COUNTS,
    ENUMS,
    FIELDS,
    INTS,
    MAYBE,
    NAMED,
    POINT,
    POINTS,
    STATE_FIELDS,
    STRUCTS,
    B,
    Writer,
)
from typed_trees import (
    BOOL,
    INT,
    SPAN,
    STRING,
    array,
    block,
    builtin,
    function,
    get,
    host,
    integer,
    op,
    put,
    run,
    text,
    when,
)

from ccl import typed as t
from ccl.lowering.facts import survey
from ccl.node import fields, is_node, replace
from ccl.reach import NO_USE, state_uses
from ccl.types import Array, Map, Option, Prim, Result, Struct, Type
from ccl.walk import root_of

STATES = tuple(
    t.Local(index=-1 - number, name=name, type=kind, span=SPAN)
    for number, (name, kind) in enumerate(STATE_FIELDS)
)
INVARIANTS = ("few numbers", "a small number", "a short label")
EXPORTS = 4
NAMES = (*(f"op{number}" for number in range(EXPORTS)), "idle")
"""`idle` sets every variable to what it is."""


class StateWriter(Writer):
    """A writer of programs that seldom trap, and that knows what its callees do to state."""

    def call_of(self, callee: t.Function, depth: int) -> t.CallFunction:
        made = super().call_of(callee, depth)
        touched = state_uses({f.id: f for f in self.callees}).get(callee.id, NO_USE).touched
        arguments = [
            t.Argument(value=self.constant(each.value.type), mutated=True)
            if each.mutated and _root_name(each.value) in touched
            else each
            for each in made.arguments
        ]
        return replace(made, arguments=tuple(arguments))

    def compound(self, kind: Type, depth: int) -> list[Callable[[], t.Expr]]:
        if self.upto(11) == 0:
            return super().compound(kind, depth)

        def sub(part: Type) -> t.Expr:
            return self.expr(part, depth)

        calls: list[Callable[[], t.Expr]] = [
            lambda callee=callee: self.call_of(callee, depth)
            for callee in self.callees
            if callee.result == kind
        ]
        return [
            *calls,
            *calls,
            lambda: when(sub(BOOL), sub(kind), sub(kind)),
            lambda: self.block_value(kind, depth),
            *self.quiet(kind, sub, depth),
        ]

    def quiet(
        self, kind: Type, sub: Callable[[Type], t.Expr], depth: int
    ) -> list[Callable[[], t.Expr]]:
        """Operations that do not trap, or hardly ever."""
        match kind:
            case Prim.INTEGER:
                return [
                    lambda: op("+-"[self.upto(1)], sub(INT), sub(INT)),
                    lambda: builtin(B.ARRAY_LEN, INT, sub(POINTS)),
                    lambda: builtin(B.ARRAY_SUM, INT, sub(INTS)),
                    lambda: builtin(B.STRING_LENGTH, INT, sub(STRING)),
                    lambda: builtin(B.MAP_SIZE, INT, sub(NAMED)),
                    lambda: self.field_of(0, depth),
                ]
            case Prim.BOOL:
                part = (INT, STRING, POINT, INTS, NAMED, MAYBE)[self.upto(5)]
                return [
                    lambda: op("==", sub(part), sub(part)),
                    lambda: op("<", sub(INT), sub(INT)),
                    lambda: builtin(B.MAP_CONTAINS_KEY, BOOL, sub(NAMED), sub(STRING)),
                ]
            case Prim.STRING:
                return [
                    lambda: op("+", sub(STRING), sub(STRING)),
                    lambda: t.Concat(parts=(sub(STRING), text("-"), sub(STRING)), span=SPAN),
                    lambda: self.field_of(2, depth),
                ]
            case Array(element=Prim.INTEGER):
                return [
                    lambda: array(INT, sub(INT), sub(INT)),
                    lambda: self.field_of(1, depth),
                    lambda: builtin(B.MAP_KEYS, INTS, sub(COUNTS)),
                ]
            case Array():
                return [
                    lambda: array(POINT, sub(POINT)),
                    lambda: builtin(B.MAP_VALUES, POINTS, sub(NAMED)),
                ]
            case Option():
                return [
                    lambda: t.VariantNew(tag=1, payload=(sub(POINT),), type=MAYBE, span=SPAN),
                    lambda: builtin(B.MAP_GET, MAYBE, sub(NAMED), sub(STRING)),
                ]
            case Struct():
                return [lambda: self.point(sub), lambda: self.unwrapped(depth)]
            case _:
                return []

    def statement(self, depth: int) -> t.Statement:
        if self.upto(11) > 0:
            return super().statement(depth)
        value = self.expr((INT, POINT, NAMED)[self.upto(2)], depth)
        return run(emitted(op("+", text("e"), self.expr(STRING, 1)), value))

    def store(self, depth: int) -> t.Statement:
        """A write to what is there."""
        kind = (POINT, POINTS, NAMED, COUNTS, INTS)[self.upto(4)]
        known = self.locals_of(kind)
        root = known[self.upto(len(known) - 1)]
        number = self.upto(2)
        field = t.FieldStep(index=number, of=POINT)
        match kind:
            case Map(key=key, value=part):
                at = t.IndexStep(index=self.constant(key), of=kind, span=SPAN)
                if self.upto(1) or part == INT:
                    return self.assigned(root, (at,), part, depth)
                there = builtin(B.MAP_CONTAINS_KEY, BOOL, get(root), at.index)
                write = self.assigned(root, (at, field), FIELDS[number][1], depth)
            case Array(element=part):
                at = t.IndexStep(index=integer(0), of=kind, span=SPAN)
                there = op("<", integer(0), builtin(B.ARRAY_LEN, INT, get(root)))
                steps = (at,) if part == INT else (at, field)
                last = part if part == INT else FIELDS[number][1]
                write = self.assigned(root, steps, last, depth)
            case _:
                return self.assigned(root, (field,), FIELDS[number][1], depth)
        return run(when(there, block([write])))

    def assigned(self, root: t.Local, steps: tuple[t.Step, ...], kind: Type, depth: int) -> t.Store:
        adds = kind in (INT, STRING) and isinstance(steps[-1], t.FieldStep) and self.upto(1)
        operator = t.BinaryOp.ADD if adds else None
        value = self.expr(kind, depth)
        return t.Store(root=root, steps=steps, op=operator, value=value, span=SPAN)


def emitted(name: t.Expr, value: t.Expr) -> t.Expr:
    data = t.Convert(conversion=t.Conversion.TO_DATA, operand=value, type=Prim.DATA, span=SPAN)
    call = host("host_emit", Result(Prim.UNIT, STRING), name, data, text(""))
    return t.Convert(conversion=t.Conversion.UNWRAP_OK, operand=call, type=Prim.UNIT, span=SPAN)


def _root_name(place: t.Expr) -> str | None:
    root = root_of(place)
    match root:
        case t.LocalGet(local=local) if local.index < 0:
            return local.name
        case t.StateGet(state=state):
            return state
        case _:
            return None


def state_program(upto: Callable[[int], int]) -> t.Program:
    """Helpers, exports `op0` … over them, and the invariants."""
    made: list[t.Function] = []
    helpers: tuple[tuple[tuple[Type, ...], Type], ...] = (
        ((POINT,), POINT),
        ((POINT, INTS), INT),
        ((NAMED, STRING), STRING),
        ((), INT),
    )
    for number, (kinds, result) in enumerate(helpers):
        writer = StateWriter(upto, tuple(made))
        parameters = [writer.new_local(kind, "p") for kind in kinds]
        writer.scope.extend([*parameters, *STATES])
        body = block(writer.statements(3, 2), writer.expr(result, 2))
        changed = [p.index for p in parameters if p.index in survey(body).changed]
        made.append(_of_state(function(f"helper{number}", parameters, body, mutated=changed)))
    for number in range(EXPORTS):
        writer = StateWriter(upto, tuple(made[: len(helpers)]))
        writer.scope.extend(STATES)
        body = block(writer.statements(5, 3), writer.expr((INT, POINT, STRING)[number % 3], 2))
        made.append(_of_state(function(f"op{number}", [], body)))
    made.append(_of_state(function("idle", [], block([put(each, get(each)) for each in STATES]))))
    made += [
        function(f"state:{each.name}", [], block([], StateWriter(upto, ()).constant(each.type)))
        for each in STATES
    ]
    made += [_of_state(each) for each in _invariants()]
    return t.Program(
        functions={each.id: each for each in made},
        exports=tuple(t.Export(name=name, function=name, doc=None) for name in NAMES),
        structs={each.type.id: each for each in STRUCTS},
        enums={each.type.id: each for each in ENUMS},
        charter=(),
        packed=(),
        states={
            each.name: t.State(
                id=each.name,
                home="test",
                name=each.name,
                type=each.type,
                initial=f"state:{each.name}",
                shape=str(each.type),
                span=SPAN,
            )
            for each in STATES
        },
        invariants=tuple(
            t.Invariant(text=text, function=f"invariant:{n}", article=None, span=SPAN)
            for n, text in enumerate(INVARIANTS)
        ),
    )


def _invariants() -> list[t.Function]:
    by_name = {each.name: get(each) for each in STATES}
    ints, number, label = by_name["ints"], by_name["number"], by_name["label"]
    conditions = (
        op("<", builtin(t.Builtin.ARRAY_LEN, INT, ints), integer(9)),
        op("<", number, integer(20)),
        op("<", builtin(t.Builtin.STRING_LENGTH, INT, label), integer(40)),
    )
    return [function(f"invariant:{n}", [], block([], each)) for n, each in enumerate(conditions)]


def _of_state(made: t.Function) -> t.Function:
    """The function with references to state where the writer has put variables of state."""
    return replace(
        made,
        body=_changed(made.body),
        locals=tuple(each for each in made.locals if each.index >= 0),
    )


def _changed(node: Any) -> Any:
    match node:
        case tuple():
            return tuple(_changed(each) for each in node)
        case t.LocalGet(local=local) if local.index < 0:
            return t.StateGet(state=local.name, type=local.type, span=SPAN)
        case t.SetLocal(local=local, value=value) if local.index < 0:
            return t.SetState(state=local.name, value=_changed(value), span=SPAN)
        case t.Store(root=t.Local(index=index, name=name, type=kind)) if index < 0:
            root = t.StateGet(state=name, type=kind, span=SPAN)
            steps, value = _changed(node.steps), _changed(node.value)
            return t.Store(root=root, steps=steps, op=node.op, value=value, span=SPAN)
        case t.Local():
            return node
        case _ if is_node(node) and isinstance(node, t.Expr | t.Statement | t.Step | t.Argument):
            return replace(node, **{n: _changed(getattr(node, n)) for n in fields(node)})
        case t.TagArm():
            return replace(node, body=_changed(node.body))
        case _:
            return node
