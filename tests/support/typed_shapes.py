"""The types that random programs are over, and their variables: locals, and state.

A variable of state is written as a local with a number below zero; `read`, `assigned` and `rooted`
make of it what it is.
"""

from typed_trees import INT, SPAN, STRING, get, local, put

from ccl.ir import typed as t
from ccl.ir.types import (
    Array,
    EnumDef,
    Enumeration,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    StructDef,
    Token,
    Type,
)
from ccl.ir.visit import root_of

INTS = Array(INT)
POINT = Struct("Point", "Point")
POINTS = Array(POINT)
NAMED = Map(STRING, POINT)
COUNTS = Map(INT, INT)
MAYBE = Option(POINT)
GRID = Array(INTS)
SHAPE = Enumeration("Shape", "Shape")
VARIANTS: tuple[tuple[str, tuple[Type, ...]], ...] = (
    ("Dot", ()),
    ("Line", (INT, STRING)),
    ("Many", (POINTS,)),
)
RATE = Prim.DECIMAL
EUROS = Token("EUR")
OUTCOME = Result(INT, STRING)
STATE = Struct("State", "State")
FIELDS: tuple[tuple[str, Type], ...] = (("n", INT), ("xs", INTS), ("s", STRING))
STATE_FIELDS: tuple[tuple[str, Type], ...] = (
    ("number", INT),
    ("label", STRING),
    ("ints", INTS),
    ("point", POINT),
    ("points", POINTS),
    ("named", NAMED),
    ("counts", COUNTS),
    ("maybe", MAYBE),
    ("grid", GRID),
    ("shape", SHAPE),
    ("rate", RATE),
    ("price", EUROS),
    ("outcome", OUTCOME),
)
STRUCTS = (StructDef(POINT, FIELDS), StructDef(STATE, STATE_FIELDS))
ENUMS = (EnumDef(SHAPE, VARIANTS),)

HOME = "test"
STATES = tuple(local(-1 - number, kind, name) for number, (name, kind) in enumerate(STATE_FIELDS))


def read(variable: t.Local) -> t.LocalGet | t.StateGet:
    if variable.index >= 0:
        return get(variable)
    return t.StateGet(state=variable.name, type=variable.type, span=SPAN)


def assigned(variable: t.Local, value: t.Expr) -> t.SetLocal | t.SetState:
    if variable.index >= 0:
        return put(variable, value)
    return t.SetState(state=variable.name, value=value, span=SPAN)


def rooted(variable: t.Local) -> t.Local | t.StateGet:
    """As the root of a path that is written."""
    found = read(variable)
    return found if isinstance(found, t.StateGet) else variable


def root_name(place: t.Expr) -> int | str | None:
    """What names the variable that a place begins at: its number, or the id of state."""
    match root_of(place):
        case t.LocalGet(local=found):
            return found.index
        case t.StateGet(state=state):
            return state
        case _:
            return None


def kept(variable: t.Local) -> t.State:
    """What the program declares for a variable of state; `state:NAME` gives its first value."""
    return t.State(
        id=variable.name,
        home=HOME,
        name=variable.name,
        type=variable.type,
        initial=f"state:{variable.name}",
        shape=str(variable.type),
        span=SPAN,
    )
