"""Values that the charter supplies to `submit_job`, collected from the sections with a schema.

Several keys may supply one value: `memory` and `min_memory`, a quorum and the share of the
verifiers that it is. They must agree.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ccl.abi.host_calls import QUORUM_DEFAULT, VERIFIERS_DEFAULT
from ccl.checking.constants.comparison import plain, shown
from ccl.checking.core.environment import Checker, is_invalid
from ccl.checking.core.unification import prune
from ccl.diagnostics.model import Label, Sink
from ccl.ir import typed
from ccl.ir.charter import Charter
from ccl.ir.types import Prim, Struct, StructDef, Type
from ccl.prelude.schemas import QUORUM, QUORUM_SHARE, VERIFIERS, WHOLE_SHARE, percent
from ccl.support.node import Node, replace

GROUPS: Final = ("requirements", "trust")


class _Supply(Node, frozen=True, kw_only=True):
    """`place`: section and key, as reports name them."""

    place: str
    node: typed.Expr


class Supplies:
    """By the argument of `submit_job`, or the key of one of its records (`trust.quorum`)."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._given: dict[str, _Supply] = {}

    def give(self, name: str, place: str, node: typed.Expr) -> None:
        """Reports a value that differs from what another key supplies; the first one stays.
        What is wrong in itself is reported already, and supplies nothing."""
        if is_invalid(node):
            return
        supply = _Supply(place=place, node=node)
        known = self._given.setdefault(name, supply)
        if plain(known.node) != plain(node):
            self._differ(supply, shown(name, node), known, shown(name, known.node))

    def hand_over(self, checker: Checker, charter: Charter) -> None:
        """Make them the charter's defaults for jobs."""
        self._settle_quorum()
        for name, supply in self._given.items():
            if "." not in name:
                charter.defaults[name] = supply.node
        for group in GROUPS:
            members = dict(self._members(group))
            if members:
                charter.defaults[group] = record_of(checker, group, members)

    def _members(self, group: str) -> Iterator[tuple[str, typed.Expr]]:
        for name, supply in self._given.items():
            if name.startswith(f"{group}."):
                yield name.removeprefix(f"{group}."), supply.node

    def _differ(self, here: _Supply, value: str, there: _Supply, other: str) -> None:
        self._sink.report(
            "CCL0309",
            here.node.span,
            name=here.place,
            here=value,
            there=other,
            labels=(Label(there.node.span, f"`{there.place}` is {other}"),),
        )

    def _settle_quorum(self) -> None:
        """A quorum is a majority of the verifiers, and no more than there are.

        A share of them is that many, rounded up, without what its own last place was rounded up
        by: two thirds of three are two. Where none is given, verifiers of another number than
        the default have the smallest majority as their quorum.
        """
        share = self._given.pop(QUORUM_SHARE, None)
        verifiers, quorum = self._given.get(VERIFIERS), self._given.get(QUORUM)
        of = VERIFIERS_DEFAULT if verifiers is None else _count(verifiers)
        if share is not None:
            needed = -((1 - 2 * _count(share)) * of // (2 * WHOLE_SHARE))
            supply = replace(share, node=_integer(share.node, needed))
            if quorum is None:
                self._given[QUORUM] = quorum = supply
            elif _count(quorum) != needed:
                value = f"{needed} ({percent(_count(share))} of {of})"
                self._differ(share, value, quorum, shown(QUORUM, quorum.node))
                return
        if quorum is None:
            if verifiers is not None and not _is_majority(QUORUM_DEFAULT, of):
                self._given[QUORUM] = replace(verifiers, node=_integer(verifiers.node, of // 2 + 1))
            return
        if not _is_majority(_count(quorum), of):
            self._report_minority(share or quorum, verifiers, _count(quorum), of)

    def _report_minority(
        self, asked: _Supply, verifiers: _Supply | None, quorum: int, of: int
    ) -> None:
        section, _, key = asked.place.rpartition(".")
        is_default = "" if verifiers is not None else ", the default"
        self._sink.report(
            "CCL0305",
            asked.node.span,
            section=section,
            key=key,
            expected=f"a majority of the {of} verifiers{is_default}",
            found=f"{quorum} of {of}",
            labels=() if verifiers is None else (Label(verifiers.node.span, "the verifiers"),),
        )


def _is_majority(quorum: int, of: int) -> bool:
    return quorum <= of < 2 * quorum


def _count(supply: _Supply) -> int:
    assert isinstance(supply.node, typed.ScalarConst), "counts and shares are scalars"
    return supply.node.value


def _integer(node: typed.Expr, value: int) -> typed.ScalarConst:
    return typed.ScalarConst(value=value, type=Prim.INTEGER, span=node.span)


def record_of(checker: Checker, group: str, members: Mapping[str, typed.Expr]) -> typed.Expr:
    """A group of a manifest as a struct value: it is encoded as a map by field name."""
    identity = f"manifest {group}"
    fields: tuple[tuple[str, Type], ...] = tuple(
        (name, prune(node.type)) for name, node in members.items()
    )
    kind = Struct(identity, group)
    checker.records[identity] = StructDef(kind, fields)
    first = next(iter(members.values()))
    return typed.StructNew(
        values=tuple(members.values()),
        order=tuple(range(len(members))),
        type=kind,
        span=first.span,
    )
