"""Values that copy a collection to change it, in a function and its callees."""

from collections.abc import Iterator, Mapping

from ccl.checking.lints.variables import Callees, Copied, Copy, copied, looked_up, results
from ccl.ir import typed
from ccl.ir.typed import BinaryOp, Builtin, Expr
from ccl.ir.types import Prim, Struct, is_reference
from ccl.ir.visit import everything
from ccl.support.node import Record, field

_CUTS = {Builtin.ARRAY_SLICE: "array", Builtin.STRING_SUBSTRING: "text"}
GROWING = frozenset({"elements", "before", "call", "text call", "entry"})
"""Copies that may become longer, so that the same place is there again later."""
_CONCAT = "std/core/concat"


class Copies(Record):
    """The copies in all functions of a program, each found once."""

    functions: Mapping[str, typed.Function]
    callees: Callees
    _copied: dict[str, Copied] = field(default_factory=dict)
    _given: dict[tuple[str, int], Copy | None] = field(default_factory=dict)

    def of(self, function: typed.Function) -> Copied:
        found = self._copied.get(function.id)
        if found is None:
            found = self._copied[function.id] = copied(function, self.callees)
        return found

    def of_place(self, here: Copied, value: Expr, place: object) -> Copy | None:
        """Returns why a value is a changed copy of the place passed to it, or None."""
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
                    if any(here.shape(each) == place for each in results(argument.value)):
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
                changed = any(
                    self._is_part(here, part, place, position)
                    for position, part in enumerate(parts)
                )
                return Copy("variant", node.span) if changed else None
            case typed.FieldGet(base=base, index=index):
                return self._of_field(here, base, index, place)
            case _:  # it makes its value without a copy of the place
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
            if local.index in here.matched and here.shape(node) == place:
                return Copy("entry", node.span)
            again = len(sets) > 1 and any(here.shape(each) == place for each in sets)
            if again or any(_gets(here, each, place) for each in sets):
                return Copy("entry", node.span)
        return self.of_place(here, sets[0], place) if len(sets) == 1 else None

    def _of_text(self, here: Copied, node: Expr, place: object) -> Copy | None:
        parts = _parts(node)
        if any(here.shape(each) == place for each in parts[1:]):
            return Copy("before", node.span)
        for part in parts:
            read = part.local.index if isinstance(part, typed.LocalGet) else -1
            matched = read in here.matched and here.shape(part) == place
            if matched or any(
                _gets(here, each, place) for each in (part, *here.sets.get(read, ()))
            ):
                return Copy("entry", node.span)
            found = self.of_place(here, part, place)
            if found is not None:
                return found
        return None

    def _is_part(self, here: Copied, node: Expr, place: object, position: int) -> bool:
        """Returns whether it is a payload of the place, changed."""
        part = ("Part", place, position)
        parts = _parts(node)
        if len(parts) > 1 and any(here.shape(each) == part for each in parts):
            return True
        if isinstance(node, typed.LocalGet) and here.is_grown(node.local):
            sets = here.sets.get(node.local.index, ())
            given = [node, *(result for each in sets for result in results(each))]
            if any(here.shape(each) == part for each in given):
                return True
        return self.of_place(here, node, part) is not None

    def _of_field(self, here: Copied, base: Expr, index: int, place: object) -> Copy | None:
        """Returns a copy in a field of a result: `let p = taken(queue); queue = p.rest`."""
        origin = base
        if isinstance(base, typed.LocalGet):
            sets = here.sets.get(base.local.index, ())
            if len(sets) == 1:
                origin = sets[0]
            elif not sets and base.local.index in here.matched:
                origin = here.matched[base.local.index][0]
        for call in results(origin):
            if not isinstance(call, typed.CallFunction):
                continue
            for number, argument in enumerate(call.arguments):
                if here.shape(argument.value) == place:
                    found = self._of_made(self.functions[call.function], number, index)
                    if found is not None:
                        return found
        return None

    def _of_made(self, function: typed.Function, number: int, index: int) -> Copy | None:
        here = self.of(function)
        place = ("LocalGet", function.parameters[number].index)
        for node in everything(function.body):
            if isinstance(node, typed.StructNew) and index < len(node.values):
                part = node.values[index]
                if isinstance(part, typed.LocalGet) and _is_given_back(here, part.local, place):
                    return Copy("call", part.span)
                found = self.of_place(here, part, place)
                if found is not None:
                    return Copy("call", found.span)
        return None

    def _of_call(self, function: str, number: int) -> Copy | None:
        """Returns why the result of a function is a changed copy of its parameter."""
        key = (function, number)
        if key not in self._given:
            self._given[key] = None  # while it is looked for, as functions may call themselves
            self._given[key] = self._given_by(self.functions[function], number)
        return self._given[key]

    def _given_by(self, function: typed.Function, number: int) -> Copy | None:
        if not is_reference(function.result):
            return None
        if self.callees.declared.get(function.id) == _CONCAT:
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
    """Returns whether a position is a share of a length: a slice there soon gets short."""
    for each in everything(node):
        if isinstance(each, typed.Binary) and each.op is BinaryOp.DIVIDE:
            return True
        if isinstance(each, typed.LocalGet):
            for value in here.sets.get(each.local.index, ()):
                if isinstance(value, typed.Binary) and value.op is BinaryOp.DIVIDE:
                    return True
    return False


def _gets(here: Copied, value: Expr, place: object) -> bool:
    """Returns whether a value looks up the entry of a map that the place is."""
    for node in everything(value):
        entry = looked_up(node, here.callees)
        if entry is not None and ("IndexGet", *map(here.shape, entry)) == place:
            return True
    return False


def _all_results(body: Expr) -> Iterator[Expr]:
    yield from results(body)
    for node in everything(body):
        if isinstance(node, typed.Return) and node.value is not None:
            yield from results(node.value)


def _parts(node: Expr) -> list[Expr]:
    """Returns the parts that a text is joined from."""
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
