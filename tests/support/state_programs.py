"""Random programs with state: exports that read and change it directly and through helpers."""

from collections.abc import Callable

from calm_programs import CalmWriter
from typed_programs import first_values
from typed_shapes import ENUMS, INTS, NAMED, POINT, STATES, STRUCTS, assigned, kept, read
from typed_trees import INT, SPAN, STRING, block, builtin, function, integer, op

from ccl.analysis.survey import survey
from ccl.ir import typed as t
from ccl.ir.types import Type

INVARIANTS = ("few numbers", "a small number", "a short label")
EXPORTS = 4
NAMES = (*(f"op{number}" for number in range(EXPORTS)), "idle")
"""`idle` sets every variable to what it is."""


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
        writer = CalmWriter(upto, tuple(made), acts=True)
        parameters = [writer.new_local(kind, "p") for kind in kinds]
        writer.scope.extend([*parameters, *STATES])
        body = block(writer.statements(3, 2), writer.expr(result, 2))
        changed = [p.index for p in parameters if p.index in survey(body).changed]
        made.append(function(f"helper{number}", parameters, body, mutated=changed))
    for number in range(EXPORTS):
        writer = CalmWriter(upto, tuple(made[: len(helpers)]), acts=True)
        writer.scope.extend(STATES)
        body = block(writer.statements(5, 3), writer.expr((INT, POINT, STRING)[number % 3], 2))
        made.append(function(f"op{number}", [], body))
    made.append(function("idle", [], block([assigned(each, read(each)) for each in STATES])))
    made += [*first_values(STATES, upto), *_invariants()]
    return t.Program(
        functions={each.id: each for each in made},
        exports=tuple(t.Export(name=name, function=name, doc=None) for name in NAMES),
        structs={each.type.id: each for each in STRUCTS},
        enums={each.type.id: each for each in ENUMS},
        charter=(),
        packed=(),
        states={each.name: kept(each) for each in STATES},
        invariants=tuple(
            t.Invariant(text=text, function=f"invariant:{n}", article=None, span=SPAN)
            for n, text in enumerate(INVARIANTS)
        ),
    )


def _invariants() -> list[t.Function]:
    by_name = {each.name: read(each) for each in STATES}
    ints, number, label = by_name["ints"], by_name["number"], by_name["label"]
    conditions = (
        op("<", builtin(t.Builtin.ARRAY_LEN, INT, ints), integer(9)),
        op("<", number, integer(20)),
        op("<", builtin(t.Builtin.STRING_LENGTH, INT, label), integer(40)),
    )
    return [function(f"invariant:{n}", [], block([], each)) for n, each in enumerate(conditions)]
