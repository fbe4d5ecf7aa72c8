"""Trials: functions checked again with other types for their parameters.

Rule: a trial works on a copy of the checker's collections, and returns its errors instead of
reporting them.
"""

from collections import deque
from collections.abc import Mapping, Sequence, Set
from typing import Any, TypeAlias

from ccl.checking.core.environment import Checker
from ccl.checking.core.signatures import Signature
from ccl.checking.core.unification import fresh, is_error_type, is_open
from ccl.checking.functions import bodies
from ccl.checking.inference import solving
from ccl.diagnostics.model import Sink
from ccl.ir.types import Type
from ccl.source.spans import Span
from ccl.support.node import fields, replace

Slot: TypeAlias = tuple[str, int]
"""A parameter: the id of its function, and its position."""

Errors: TypeAlias = frozenset[tuple[str, Span]]


class Trial:
    """The bodies of some functions and entries, with these types for open parameters."""

    def __init__(
        self,
        checker: Checker,
        functions: Sequence[Signature],
        entries: Sequence[bodies.Entry],
        kinds: Mapping[Slot, Type],
    ) -> None:
        self._entries = entries
        again = {each.id: _again(each, kinds) for each in functions}
        again_inferred = _made_in(checker, {*again, *(each.id for each in entries)})
        copied = _collections(checker)
        copied["signatures"] = {
            name: replace(each, parameters=[*each.parameters])
            for name, each in checker.signatures.items()
            if name not in again_inferred
        } | again
        copied["solved"] = {
            name: each for name, each in checker.solved.items() if name not in again_inferred
        }
        self._checker = replace(checker, **copied)
        self._before = frozenset(self._checker.signatures)
        self._functions = tuple(again.values())
        solving.infer_again(self._checker, self._functions, entries)

    def type_of(self, slot: Slot) -> Type:
        """Returns the type of a parameter, as far as the bodies determine it."""
        return self._checker.signatures[slot[0]].parameters[slot[1]]

    @property
    def is_open(self) -> bool:
        """Returns whether the type of a parameter or result is still undecided."""
        return not all(each.is_complete for each in self._functions)

    def errors(self) -> Errors:
        """Returns the errors in the bodies and in those made for calls in them; unreachable arms
        too."""
        checker = self._checker
        solving.spread_mutation(checker)
        checker.final, checker.sink = True, Sink()
        for entry in self._entries:
            bodies.check_entry(checker, entry)
        pending = [*self._functions]
        checked = {*self._before}
        while pending:
            for each in pending:
                solving.require_late(checker, each)
                bodies.check_function(checker, each)
            checked.update(each.id for each in pending)
            pending = [each for each in checker.signatures.values() if each.id not in checked]
        found = checker.sink.diagnostics
        return frozenset(
            (each.code, each.span) for each in found if not each.code.startswith("CCL09")
        )


def _made_in(checker: Checker, bodies: Set[str]) -> Set[str]:
    """Returns these bodies, with the inline functions and the instances for calls in them."""
    inside: dict[str, list[str]] = {}
    for signature in checker.signatures.values():
        around = signature.written_in or signature.made_in
        if around is not None:
            inside.setdefault(around, []).append(signature.id)
    found, pending = {*bodies}, [*bodies]
    while pending:
        new = [each for each in inside.get(pending.pop(), ()) if each not in found]
        found.update(new)
        pending += new
    return found


def _collections(checker: Checker) -> dict[str, Any]:
    """Returns copies of the checker's collections, by field: a body's check may add to each."""
    values = ((name, getattr(checker, name)) for name in fields(checker))
    return {
        name: value.copy() for name, value in values if isinstance(value, dict | list | set | deque)
    }


def _again(signature: Signature, kinds: Mapping[Slot, Type]) -> Signature:
    """Returns the signature, not inferred yet, with these types for its open parameters."""
    parameters = [
        kinds.get((signature.id, i), fresh()) if i in signature.unsolved else kind
        for i, kind in enumerate(signature.parameters)
    ]
    is_open_result = is_error_type(signature.result) or is_open(signature.result)
    is_inferred = signature.item.result is None and not signature.item.entry
    return replace(
        signature,
        parameters=parameters,
        result=fresh() if is_inferred or is_open_result else signature.result,
        inferred=False,
        unsolved={},
        left_to_calls=signature.left_to_calls - {i for name, i in kinds if name == signature.id},
        decided_by={},
    )
