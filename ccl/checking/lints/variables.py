"""Variables of a function: the values they get, and expressions that are one place.

A place is identified by its shape, the typed expression without positions and types, in which a
variable that is set once, to a place, is that place.
"""

from collections.abc import Iterator, Mapping, Set

from ccl.ir import typed
from ccl.ir.typed import Builtin, Expr
from ccl.ir.types import Array, Map, Prim, is_reference
from ccl.ir.visit import bindings_of, children, everything, place_root
from ccl.source.spans import Span
from ccl.support.node import Node, Record, field, fields

_PLACES = (typed.LocalGet, typed.StateGet, typed.FieldGet, typed.IndexGet)
FEW = 100
"""The most elements, or iterations, that are few."""
_GET_OR = "std/core/map_get_or"


class Callees(Node, frozen=True, kw_only=True):
    """Functions by their ids, as calls have them."""

    declared: Mapping[str, str]
    """Of an instance, the id of the function that it is an instance of."""
    of_one_call: Set[str]
    """Instances that are made for one call, which passes them functions."""


class Copy(Node, frozen=True):
    """Why a value is a copy of a place, and where that is made."""

    advice: str
    span: Span


class Copied(Record):
    """The values that the variables of one function get."""

    function: typed.Function
    callees: Callees
    sets: dict[int, list[Expr]] = field(default_factory=dict)
    matched: dict[int, tuple[Expr, int]] = field(default_factory=dict)
    """Subjects and positions, by the variables that parts are bound to."""
    bound: set[int] = field(default_factory=set)
    """Variables with a value that no assignment gives: of callers, loops and patterns."""
    grown: set[int] = field(default_factory=set)
    """Variables with a collection in them that is mutated in place."""
    has_loops: bool = False
    given: list[tuple[str, int, Expr]] = field(default_factory=list)
    """Arguments of instances that are made for one call: their ids, and the numbers."""
    answers: dict[tuple[int, object], "Copy | None"] = field(default_factory=dict)
    """Whether a variable is a changed copy of a place."""
    _whole: set[int] | None = None

    def shape(self, node: object) -> object:
        """Returns a text that is the same for expressions that are the same place."""
        if isinstance(node, typed.Local):
            return node.index
        if isinstance(node, typed.LocalGet):
            only = self.only_value(node.local)
            if isinstance(only, _PLACES):
                return self.shape(only)
            if node.local.index not in self.sets and node.local.index in self.matched:
                return self._part(*self.matched[node.local.index])
        if isinstance(node, typed.CallFunction):
            entry = looked_up(node, self.callees)
            if entry is not None:
                return ("IndexGet", *map(self.shape, entry))
        if isinstance(node, Node):
            names = (name for name in fields(node) if name not in ("span", "type"))
            return (type(node).__name__, *(self.shape(getattr(node, name)) for name in names))
        return tuple(map(self.shape, node)) if isinstance(node, tuple) else node

    def _part(self, subject: Expr, position: int) -> object:
        """Returns the shape of a part that a match binds: in an entry of a map the entry itself."""
        entry = looked_up(subject, self.callees)
        if entry is not None:
            return ("IndexGet", *map(self.shape, entry))
        return ("Part", self.shape(subject), position)

    def only_value(self, local: typed.Local) -> Expr | None:
        """Returns the value of a variable that never has another one."""
        sets = self.sets.get(local.index, ())
        return sets[0] if len(sets) == 1 and local.index not in self.bound else None

    def is_few(self, node: Expr) -> bool:
        """Returns whether a value has few elements, as a literal."""
        match node:
            case typed.ArrayNew(elements=elements):
                return len(elements) <= FEW
            case typed.TextConst(value=text):
                return len(text) <= FEW
            case typed.LocalGet(local=local) if local.index not in self.grown:
                only = self.only_value(local)
                return only is not None and self.is_few(only)
            case _:  # it may have many
                return False

    def is_read_whole(self, local: typed.Local) -> bool:
        """Returns whether more is read of an array than its length and single elements."""
        if self._whole is None:
            self._whole = _read_whole(self.function.body)
        return local.index in self._whole

    def is_grown(self, local: typed.Local) -> bool:
        again = local.type is Prim.STRING and len(self.sets.get(local.index, ())) > 1
        return again or local.index in self.grown


def copied(function: typed.Function, callees: Callees) -> Copied:
    found = Copied(function, callees)
    for parameter in function.parameters:
        found.bound.add(parameter.index)
        if is_reference(parameter.type) and parameter.index in function.mutated:
            found.grown.add(parameter.index)
    for node in everything(function.body):
        match node:
            case typed.Block(statements=statements):
                for statement in statements:
                    if isinstance(statement, typed.SetLocal):
                        found.sets.setdefault(statement.local.index, []).append(statement.value)
                    elif isinstance(statement, typed.Store):
                        _note_store(found, statement)
                    elif isinstance(statement, typed.While | typed.ForEach | typed.ForPairs):
                        found.has_loops = True
                        found.bound.update(local.index for local in bindings_of(statement))
            case typed.MatchTag(subject=subject, arms=arms):
                found.bound.update(local.index for local in bindings_of(node))
                for arm in arms:
                    found.matched.update(
                        (local.index, (subject, position)) for position, local in arm.bindings
                    )
            case typed.CallBuiltin(arguments=arguments) | typed.CallFunction(arguments=arguments):
                if isinstance(node, typed.CallFunction) and node.function in callees.of_one_call:
                    found.given += [
                        (node.function, number, each.value) for number, each in enumerate(arguments)
                    ]
                for each in arguments:
                    root = place_root(each.value) if each.mutated else None
                    if root is not None and isinstance(each.value.type, Array | Map):
                        found.grown.add(root.index)
            case _:
                pass
    return found


def _read_whole(body: Expr) -> set[int]:
    """Returns the variables that are read otherwise than by `a[0]` and `a.length()`."""
    found: set[int] = set()
    pending = [body]
    while pending:
        match pending.pop():
            case typed.LocalGet(local=local):
                found.add(local.index)
            case typed.IndexGet(base=typed.LocalGet(), index=typed.ScalarConst()):
                pass
            case typed.CallBuiltin(
                builtin=Builtin.ARRAY_LEN, arguments=(typed.Argument(value=typed.LocalGet()),)
            ):
                pass
            case node:
                pending.extend(children(node))
    return found


def _note_store(found: Copied, statement: typed.Store) -> None:
    if isinstance(statement.root, typed.Local) and any(
        isinstance(step, typed.IndexStep) for step in statement.steps
    ):
        found.grown.add(statement.root.index)


def looked_up(node: Expr, callees: Callees) -> tuple[Expr, Expr] | None:
    """Returns the map and the key of an entry that may be absent."""
    match node:
        case typed.CallBuiltin(builtin=Builtin.MAP_GET, arguments=(whole, key)):
            return whole.value, key.value
        case typed.CallFunction(function=function, arguments=(whole, key, _)) if (
            callees.declared.get(function) == _GET_OR
        ):
            return whole.value, key.value
        case _:
            return None


def results(value: Expr) -> Iterator[Expr]:
    """Yields the possible values of an expression."""
    match value:
        case typed.Block(value=last):
            if last is not None:
                yield from results(last)
        case typed.If(then=then, otherwise=otherwise):
            yield from results(then)
            if otherwise is not None:
                yield from results(otherwise)
        case typed.MatchTag(arms=arms, otherwise=otherwise):
            for arm in arms:
                yield from results(arm.body)
            if otherwise is not None:
                yield from results(otherwise)
        case _:  # it makes its value itself
            yield value
