"""Random well-typed programs of several functions over state, for an interpreter and a module."""

from collections.abc import Callable, Sequence
from random import Random

from calm_programs import CalmWriter
from hypothesis import strategies as st
from typed_shapes import (
    ENUMS,
    INTS,
    NAMED,
    POINT,
    STATE_FIELDS,
    STATES,
    STRUCTS,
    assigned,
    kept,
    read,
)
from typed_statements import Writer
from typed_trees import INT, STRING, block, function, program

from ccl.analysis.survey import survey
from ccl.ir import typed as t
from ccl.ir.types import Type
from ccl.support.node import replace

SHARED = tuple(
    each for each in STATES if each.name in ("number", "label", "ints", "point", "points", "named")
)
"""The state of all programs of a module."""
IDLE = "idle"
"""An export that sets every variable of state to what it is."""
HELPERS: tuple[tuple[tuple[Type, ...], Type], ...] = (
    ((POINT,), POINT),
    ((POINT, INTS), INT),
    ((NAMED, POINT, STRING), POINT),
)


@st.composite
def programs(draw: st.DrawFn) -> t.Program:
    """Programs whose export `main` returns what it made, as examples that shrink."""

    def upto(top: int) -> int:
        return draw(st.integers(0, top))

    return _module(_functions(upto, ""), upto)


def programs_of(seeds: Sequence[int]) -> t.Program:
    """The programs of some seeds in one module, export `main.SEED`: many are made and compiled
    in the time that hypothesis needs for one."""
    made: list[t.Function] = []
    for seed in seeds:
        made += _functions(_chosen(seed), f".{seed}")
    return _module(made, _chosen(seeds[0]))


def _chosen(seed: int) -> Callable[[int], int]:
    chosen = Random(seed)
    return lambda top: chosen.randrange(top + 1)


def _module(functions: Sequence[t.Function], upto: Callable[[int], int]) -> t.Program:
    mains = [each.id for each in functions if each.id.startswith("main")]
    made = program(
        *functions,
        function(IDLE, [], block([assigned(each, read(each)) for each in SHARED])),
        *first_values(SHARED, upto),
        exports=[*mains, IDLE],
        structs=STRUCTS,
        enums=ENUMS,
    )
    return replace(made, states={each.name: kept(each) for each in SHARED})


def first_values(states: Sequence[t.Local], upto: Callable[[int], int]) -> list[t.Function]:
    writer = CalmWriter(upto, ())
    return [
        function(f"state:{each.name}", [], block([], writer.constant(each.type))) for each in states
    ]


def _functions(upto: Callable[[int], int], suffix: str) -> list[t.Function]:
    """Helpers and the `main` over them. A quarter of all programs neither know state nor act;
    half of them seldom trap."""
    acts = upto(3) > 0
    states = SHARED if acts else ()
    kind = CalmWriter if upto(1) else Writer
    functions: list[t.Function] = []
    for number, (kinds, result) in enumerate(HELPERS):
        writer = kind(upto, tuple(functions), acts=acts)
        parameters = [writer.new_local(each, "p") for each in kinds]
        writer.scope.extend([*parameters, *states])
        body = block(writer.statements(4, 2), writer.expr(result, 2))
        changed = [p.index for p in parameters if p.index in survey(body).changed]
        functions.append(function(f"helper{number}{suffix}", parameters, body, mutated=changed))
    writer = kind(upto, tuple(functions), acts=acts)
    own = tuple(writer.new_local(each, name) for name, each in STATE_FIELDS)
    start = [assigned(each, writer.constant(each.type)) for each in own]
    writer.scope.extend([*states, *own])
    writer.own = own
    body = block([*start, *writer.statements(8, 3)], writer.whole_state())
    return [*functions, function(f"main{suffix}", [], body)]
