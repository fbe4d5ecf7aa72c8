"""Values that copy a place to change it: what a function sets, and what it gives of a parameter.

A place is known by its shape, the typed expression without positions and types, in which a
variable that is set once, to a place, is that place.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from ccl import typed
from ccl.node import Node, Record, field, fields
from ccl.source import Span
from ccl.typed import BinaryOp, Builtin, Expr
from ccl.types import Array, Map, Prim, Struct, is_reference
from ccl.walk import children, everything, place_root

Shape: TypeAlias = tuple[object, ...]
_PLACES = (typed.LocalGet, typed.StateGet, typed.FieldGet, typed.IndexGet)
_CUTS = {Builtin.ARRAY_SLICE: "array", Builtin.STRING_SUBSTRING: "text"}
FEW = 100
"""Elements, or turns of a loop, that are no matter."""
GROWING = frozenset({"elements", "before", "call", "text call", "entry"})
"""Copies that may become longer, so that the same place is there again later."""
CONCAT = "std/core/concat<"
_MADE = "@"
"""In the ids of functions that are made for one call, which gives them functions."""
_GET_OR = "std/core/map_get_or<"


class Copy(Node, frozen=True):
    """Why a value is a copy of a place, and where that is made."""

    advice: str
    span: Span


class Copied(Record):
    """How the variables of one function come by their values."""

    function: typed.Function
    sets: dict[int, list[Expr]] = field(default_factory=dict)
    matched: dict[int, Expr] = field(default_factory=dict)
    """Subjects, by the variables that their parts are bound to."""
    grown: set[int] = field(default_factory=set)
    """Variables with a collection in them that is changed where it is."""
    given: list[tuple[str, int, Expr]] = field(default_factory=list)
    """What functions that are made for one call are given: their ids, and the numbers."""
    answers: dict[tuple[int, object], "Copy | None"] = field(default_factory=dict)
    """Whether a variable is a changed copy of a place."""
    _whole: set[int] | None = None

    def shape(self, node: object) -> object:
        """The same for expressions that give the same place."""
        if isinstance(node, typed.Local):
            return node.index
        if isinstance(node, typed.LocalGet):
            sets = self.sets.get(node.local.index, ())
            if len(sets) == 1 and isinstance(sets[0], _PLACES):
                return self.shape(sets[0])
        if isinstance(node, Node):
            names = (name for name in fields(node) if name not in ("span", "type"))
            return (type(node).__name__, *(self.shape(getattr(node, name)) for name in names))
        return tuple(map(self.shape, node)) if isinstance(node, tuple) else node

    def is_few(self, node: Expr) -> bool:
        """Whether it has few elements, as they are written out."""
        match node:
            case typed.ArrayNew(elements=elements):
                return len(elements) <= FEW
            case typed.TextConst(value=text):
                return len(text) <= FEW
            case typed.LocalGet(local=local) if local.index not in self.grown:
                sets = self.sets.get(local.index, ())
                return len(sets) == 1 and self.is_few(sets[0])
            case _:
                return False

    def is_read_whole(self, local: typed.Local) -> bool:
        """Whether more is read of an array than its length and single elements."""
        if self._whole is None:
            self._whole = _read_whole(self.function.body)
        return local.index in self._whole

    def is_grown(self, local: typed.Local) -> bool:
        again = local.type is Prim.STRING and len(self.sets.get(local.index, ())) > 1
        return again or local.index in self.grown


def copied(function: typed.Function) -> Copied:
    found = Copied(function)
    for parameter in function.parameters:
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
            case typed.MatchTag(subject=subject, arms=arms):
                for arm in arms:
                    found.matched.update((local.index, subject) for _, local in arm.bindings)
            case typed.CallBuiltin(arguments=arguments) | typed.CallFunction(arguments=arguments):
                if isinstance(node, typed.CallFunction) and _MADE in node.function:
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
    """The variables that are read otherwise than by `a[0]` and `a.length()`."""
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


class Copies(Record):
    """Answers for all functions of a program, each found once."""

    functions: Mapping[str, typed.Function]
    _copied: dict[str, Copied] = field(default_factory=dict)
    _given: dict[tuple[str, int], Copy | None] = field(default_factory=dict)

    def of(self, function: typed.Function) -> Copied:
        found = self._copied.get(function.id)
        if found is None:
            found = self._copied[function.id] = copied(function)
        return found

    def of_place(self, here: Copied, value: Expr, place: object) -> Copy | None:
        """Why a value is a changed copy of a place that is given it, or None."""
        for result in results(value):
            found = self._of_result(here, result, place)
            if found is not None:
                return found
        return None

    def _of_result(self, here: Copied, node: Expr, place: object) -> Copy | None:
        match node:
            case typed.LocalGet():
                return self._of_local(here, node, place)
            case typed.CallBuiltin(builtin=Builtin.STRING_CONCAT) | typed.Concat():
                return self._of_text(here, node, place)
            case typed.Binary(op=BinaryOp.ADD, type=Prim.STRING):
                return self._of_text(here, node, place)
            case typed.CallBuiltin(builtin=builtin, arguments=arguments) if builtin in _CUTS:
                within = self.of_place(here, arguments[0].value, place)
                return within or _of_cut(here, node, place)
            case typed.CallFunction(function=function, arguments=arguments):
                for number, argument in enumerate(arguments):
                    if here.shape(argument.value) == place:
                        found = self._of_call(function, number)
                    else:
                        found = self.of_place(here, argument.value, place)
                    if found is not None:
                        return found
                return None
            case typed.StructNew(values=values):
                for number, part in enumerate(values):
                    found = self.of_place(here, part, ("FieldGet", place, number))
                    if found is not None:
                        return Copy("field", found.span)
                return None
            case typed.VariantNew(payload=parts):
                changed = any(_is_part(here, part, place) for part in parts)
                return Copy("variant", node.span) if changed else None
            case _:
                return None

    def _of_local(self, here: Copied, node: typed.LocalGet, place: object) -> Copy | None:
        key = (node.local.index, place)
        if key not in here.answers:
            here.answers[key] = None  # while it is looked for, as variables may go in circles
            here.answers[key] = self._of_sets(here, node, place)
        return here.answers[key]

    def _of_sets(self, here: Copied, node: typed.LocalGet, place: object) -> Copy | None:
        local = node.local
        sets = here.sets.get(local.index, [])
        if here.is_grown(local):
            if local.index in here.matched and _gets(here, here.matched[local.index], place):
                return Copy("entry", node.span)
            again = len(sets) > 1 and any(here.shape(each) == place for each in sets)
            if again or any(_gets(here, each, place) for each in sets):
                return Copy("entry", node.span)
        if len(sets) == 1 and not isinstance(sets[0], _PLACES):
            return self.of_place(here, sets[0], place)
        return None

    def _of_text(self, here: Copied, node: Expr, place: object) -> Copy | None:
        parts = _parts(node)
        if any(here.shape(each) == place for each in parts[1:]):
            return Copy("before", node.span)
        for part in parts:
            read = part.local.index if isinstance(part, typed.LocalGet) else -1
            if any(_gets(here, each, place) for each in (part, *here.sets.get(read, ()))):
                return Copy("entry", node.span)
            found = self.of_place(here, part, place)
            if found is not None:
                return found
        return None

    def _of_call(self, function: str, number: int) -> Copy | None:
        """Why what a function gives is a changed copy of its parameter."""
        key = (function, number)
        if key not in self._given:
            self._given[key] = None  # while it is looked for, as functions may call themselves
            self._given[key] = self._given_by(self.functions[function], number)
        return self._given[key]

    def _given_by(self, function: typed.Function, number: int) -> Copy | None:
        if not is_reference(function.result):
            return None
        if function.id.startswith(CONCAT):
            return Copy("elements", function.span)
        here = self.of(function)
        parameter = function.parameters[number]
        place = ("LocalGet", parameter.index)
        for result in _all_results(function.body):
            if isinstance(result, typed.LocalGet) and _is_given_back(here, result.local, place):
                return Copy("call", result.span)
            if result.type is Prim.STRING and any(
                here.shape(part) == place for part in _parts(result)[:-1]
            ):
                return Copy("text call", result.span)
            found = self._of_result(here, result, place)
            if found is not None:
                return found
        return None


def _is_given_back(here: Copied, local: typed.Local, place: object) -> bool:
    if not here.is_grown(local):
        return False
    if ("LocalGet", local.index) == place:
        # of a record that is given back only the record itself is copied
        return not isinstance(local.type, Struct)
    return any(here.shape(each) == place for each in here.sets.get(local.index, ()))


def _of_cut(here: Copied, node: typed.CallBuiltin, place: object) -> Copy | None:
    whole, start, end = (argument.value for argument in node.arguments)
    if here.shape(whole) != place or _halves(here, start) or _halves(here, end):
        return None
    of = _CUTS[node.builtin]
    first = isinstance(start, typed.ScalarConst) and start.value == 0
    return Copy(f"end of {of}" if first else f"front of {of}", node.span)


def _halves(here: Copied, node: Expr) -> bool:
    """Whether a position is a share of a length: what is cut there gets short soon."""
    for each in everything(node):
        if isinstance(each, typed.Binary) and each.op is BinaryOp.DIVIDE:
            return True
        if isinstance(each, typed.LocalGet):
            for value in here.sets.get(each.local.index, ()):
                if isinstance(value, typed.Binary) and value.op is BinaryOp.DIVIDE:
                    return True
    return False


def _is_part(here: Copied, node: Expr, place: object) -> bool:
    """Whether it is what the place carried, which has been changed."""
    if not (isinstance(node, typed.LocalGet) and here.is_grown(node.local)):
        return False
    index = node.local.index
    subjects = [here.matched[index]] if index in here.matched else []
    subjects += [
        each.subject for each in here.sets.get(index, ()) if isinstance(each, typed.MatchTag)
    ]
    return any(here.shape(each) == place for each in subjects)


def _gets(here: Copied, value: Expr, place: object) -> bool:
    """Whether the entry of a map that a place is is looked up in a value."""
    for node in everything(value):
        match node:
            case typed.CallBuiltin(builtin=Builtin.MAP_GET, arguments=arguments):
                pass
            case typed.CallFunction(function=function, arguments=arguments) if function.startswith(
                _GET_OR
            ):
                pass
            case _:
                continue
        entry = ("IndexGet", here.shape(arguments[0].value), here.shape(arguments[1].value))
        if entry == place:
            return True
    return False


def results(value: Expr) -> Iterator[Expr]:
    """What an expression may give."""
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
        case _:
            yield value


def _all_results(body: Expr) -> Iterator[Expr]:
    yield from results(body)
    for node in everything(body):
        if isinstance(node, typed.Return) and node.value is not None:
            yield from results(node.value)


def _parts(node: Expr) -> list[Expr]:
    """What a text is joined from."""
    match node:
        case typed.Concat(parts=parts):
            pass
        case typed.Binary(op=BinaryOp.ADD, type=Prim.STRING, left=left, right=right):
            parts = (left, right)
        case typed.CallBuiltin(builtin=Builtin.STRING_CONCAT, arguments=arguments):
            parts = tuple(each.value for each in arguments)
        case _:
            return [node]
    return [each for part in parts for each in _parts(part)]
