"""Suggested types for parameters that nothing determines.

Rule: a type is suggested only if the functions that it concerns compile with it; types are found by
trial (`ccl.checking.inference.trials`).
"""

from collections.abc import Iterator, Mapping, Sequence

from ccl.checking.calls.call_sites import OF_OPEN_TYPES
from ccl.checking.core.environment import Checker
from ccl.checking.core.signatures import Signature
from ccl.checking.core.unification import (
    Var,
    copy_open,
    fresh,
    has_error_type,
    is_open,
    parts,
    unify,
    variables_in,
    zonk,
)
from ccl.checking.functions import bodies, instances
from ccl.checking.inference import solving
from ccl.checking.inference.trials import Errors, Slot, Trial
from ccl.ir.types import ERROR_TYPE, Array, Enumeration, Map, Option, Prim, Result, Struct, Type
from ccl.resolver.scopes import FileScope
from ccl.support.node import nodes_of
from ccl.syntax import ast

TRIALS_MAX = 400
"""The number of trials in one compilation; further parameters get no suggestion."""

_OTHERS = (
    *(Prim.DECIMAL, Prim.MANA, Prim.BOOL, Prim.TIMESTAMP, Prim.DURATION),
    *(Prim.DID, Prim.CID, Prim.DATA),
)


class Annotations:
    """Types to write for the parameters that are left open.

    Parameters whose types depend on each other are searched together. `implied`: parameters whose
    types follow from another one, once written.
    """

    def __init__(self, checker: Checker, entries: Sequence[bodies.Entry]) -> None:
        self._checker = checker
        self._entries = entries
        self._found: dict[Slot, str] = {}
        self._trials_left = TRIALS_MAX
        self.implied: set[Slot] = set()
        for group in _groups(checker):
            self._settle(group)

    def of(self, signature: Signature, index: int) -> str | None:
        """Returns the type as it is written; None if there is none to suggest."""
        return self._found.get((signature.id, index))

    def _settle(self, group: Sequence[Signature]) -> None:
        known: set[Var] = set()
        slots: dict[Slot, Type] = {}
        for signature in group:
            for i, kind in sorted(signature.unsolved.items()):
                variables = {*variables_in(kind)}
                if variables and variables <= known:
                    self.implied.add((signature.id, i))
                else:
                    slots[signature.id, i] = kind
                    known |= variables
        search = _Search(self._checker, group, self._entries, slots, self._trials_left)
        self._found |= {slot: str(kind) for slot, kind in search.find().items()}
        self._trials_left = search.trials_left


class _Search:
    """A depth-first search, a parameter at a time; parameters without a candidate fit
    everything."""

    def __init__(
        self,
        checker: Checker,
        group: Sequence[Signature],
        entries: Sequence[bodies.Entry],
        slots: Mapping[Slot, Type],
        trials: int,
    ) -> None:
        self._checker, self._group, self._slots = checker, group, slots
        self._scope = group[0].scope
        self._callers = _callers(checker, group)
        names = {each.item.name.text for each in group}
        self._entries = tuple(
            each for each in entries if any(_mentions(block, names) for _, block in each.bodies)
        )
        self._order = tuple(slots)
        self._known_errors: Errors | None = None
        self.trials_left = trials

    def find(self) -> Mapping[Slot, Type]:
        """Returns a type for every parameter, or nothing."""
        if self._is_left_to_type_parameters():
            return {}
        return self._extend({}) or {}

    def _is_left_to_type_parameters(self) -> bool:
        """Returns whether a generic function calls one of them: its instances may pass any type."""
        names = {each.item.name.text for each in self._group}
        return any(_mentions(each.item.body, names) for each in self._checker.templates)

    def _extend(self, chosen: Mapping[Slot, Type]) -> Mapping[Slot, Type] | None:
        if len(chosen) == len(self._order):
            return chosen if self._holds(chosen, self._callers, self._entries) else None
        slot = self._order[len(chosen)]
        for kind in self._candidates(chosen, slot):
            more = {**chosen, slot: kind}
            if self._holds(more) and (found := self._extend(more)) is not None:
                return found
        return None

    def _candidates(self, chosen: Mapping[Slot, Type], slot: Slot) -> Iterator[Type]:
        """Yields closed types, in the order in which they are tried."""
        for shape in _shapes(self._checker, self._scope):
            copies: dict[Var, Type] = {}
            for earlier, kind in chosen.items():
                unify(copy_open(self._slots[earlier], copies), kind)
            known = copy_open(self._slots[slot], copies)
            if not unify(known, shape):
                continue
            kind = zonk(known)
            if is_open(kind):
                trial = self._trial({**chosen, slot: kind})
                if trial is None:
                    return
                kind = zonk(trial.type_of(slot), default=True, errors=True)
            for filled in _filled(kind):
                if not has_error_type(filled) and _is_spelled(self._checker, self._scope, filled):
                    yield filled

    def _holds(
        self,
        chosen: Mapping[Slot, Type],
        callers: Sequence[Signature] = (),
        entries: Sequence[bodies.Entry] = (),
    ) -> bool:
        """Returns whether these types cause no error."""
        trial = self._trial(chosen, callers, entries)
        if trial is None or (len(chosen) == len(self._order) and trial.is_open):
            return False
        errors = trial.errors()
        return not errors or errors <= self._errors_anyway()

    def _errors_anyway(self) -> Errors:
        """Returns the errors that the types of the parameters do not cause.

        A type that is open beside an unknown one may be known beside another.
        """
        if self._known_errors is None:
            trial = self._trial({}, self._callers, self._entries)
            errors = frozenset() if trial is None else trial.errors()
            self._known_errors = frozenset(each for each in errors if each[0] not in OF_OPEN_TYPES)
        return self._known_errors

    def _trial(
        self,
        chosen: Mapping[Slot, Type],
        callers: Sequence[Signature] = (),
        entries: Sequence[bodies.Entry] = (),
    ) -> Trial | None:
        if self.trials_left == 0:
            return None
        self.trials_left -= 1
        kinds = {**dict.fromkeys(self._order, ERROR_TYPE), **chosen}
        return Trial(self._checker, (*self._group, *callers), entries, kinds)


def _groups(checker: Checker) -> list[list[Signature]]:
    """Returns the functions with open parameters, grouped where their types depend on each
    other."""
    groups: list[tuple[list[Signature], set[Var]]] = []
    for signature in checker.signatures.values():
        if not signature.unsolved or not signature.is_written:
            continue
        variables = {var for kind in signature.unsolved.values() for var in variables_in(kind)}
        near = [each for each in groups if each[1] & variables]
        groups = [each for each in groups if not each[1] & variables]
        joined = [each for functions, _ in near for each in functions]
        groups.append(([*joined, signature], variables.union(*(own for _, own in near))))
    return [functions for functions, _ in groups]


def _callers(checker: Checker, group: Sequence[Signature]) -> tuple[Signature, ...]:
    names, own = {each.item.name.text for each in group}, {each.id for each in group}
    file = solving.home(checker, group[0])
    return tuple(
        each
        for each in checker.signatures.values()
        if each.is_written
        and each.id not in own
        and not each.unsolved
        and solving.home(checker, each) == file
        and _mentions(each.item.body, names)
    )


def _mentions(tree: object, names: set[str]) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.text in names)
        or (isinstance(node, ast.Field) and node.name.text in names)
        for node in nodes_of(tree)
    )


def _shapes(checker: Checker, scope: FileScope) -> Iterator[Type]:
    """Yields types to try, with open parts, common ones first."""
    yield Prim.INTEGER
    yield Array(fresh())
    yield Prim.STRING
    yield Map(Prim.STRING, fresh())
    yield Map(Prim.INTEGER, fresh())
    yield Option(fresh())
    yield Result(fresh(), fresh(text=True))
    for name in scope.structs:
        struct = checker.structs[checker.type_id(scope, name)]
        yield instances.applied(struct, tuple(fresh() for _ in struct.parameters))
    for name in scope.enums:
        enum = checker.enums[checker.type_id(scope, name)]
        yield instances.applied(enum, tuple(fresh() for _ in enum.parameters))
    yield from _OTHERS


def _filled(kind: Type) -> Iterator[Type]:
    """Yields the type with Integers for its open parts, then with Strings."""
    if not is_open(kind):
        yield kind
        return
    for filler in (Prim.INTEGER, Prim.STRING):
        filled = copy_open(kind, {})
        for var in [*variables_in(filled)]:
            var.bind(filler)
        yield zonk(filled)


def _is_spelled(checker: Checker, scope: FileScope, kind: Type) -> bool:
    """Returns whether the type's name denotes the type in this file."""
    match kind:
        case Struct() | Enumeration():
            name, identity = kind.name, kind.id
            if kind.instance is not None:
                name, identity = kind.instance.name, kind.instance.id
            is_visible = name in scope.structs or name in scope.enums
            own = is_visible and checker.type_id(scope, name) == identity
        case Prim():
            own = str(kind) not in scope.type_names
        case _:  # any other class has the name that the language gives it
            own = type(kind).__name__ not in scope.type_names
    return own and all(_is_spelled(checker, scope, each) for each in parts(kind))
