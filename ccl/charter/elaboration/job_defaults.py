"""Values that the charter supplies to `submit_job`, collected from sections with a schema.

Several keys may supply one value: `memory` and `min_memory`, a quorum and a share of the verifiers.
They must agree.
"""

from collections.abc import Iterator

from ccl.abi.host_calls import QUORUM_DEFAULT, VERIFIERS_DEFAULT
from ccl.checking.constants.comparison import plain, shown
from ccl.checking.core.environment import is_invalid
from ccl.checking.core.unification import prune
from ccl.diagnostics.model import Label, Sink
from ccl.ir import typed
from ccl.ir.charter import ConditionalDefault, JobDefaults, Property, Tree, is_conditional
from ccl.ir.typed import NumberUnit
from ccl.ir.types import Prim
from ccl.prelude.schemas import QUORUM, QUORUM_SHARE, VERIFIERS, WHOLE_SHARE, JobValue, percent
from ccl.source.spans import Span
from ccl.support.node import Node, replace


class _Supply(Node, frozen=True, kw_only=True):
    """A key of a section, and its value."""

    section: str
    key: str
    node: typed.Expr

    @property
    def place(self) -> str:
        return f"{self.section}.{self.key}"


class Supplies:
    """The keys that supply values of jobs, by value."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._given: dict[JobValue, _Supply] = {}
        self._conditional: list[ConditionalDefault] = []

    def give(self, value: JobValue, section: str, key: str, node: typed.Expr) -> None:
        """Reports a value that differs from what another key supplies; the first one stays.

        An invalid value is reported already, and supplies nothing.
        """
        if is_invalid(node):
            return
        supply = _Supply(section=section, key=key, node=node)
        known = self._given.setdefault(value, supply)
        if plain(known.node) != plain(node):
            name = str(value)
            self._differ(supply, shown(name, node), known, shown(name, known.node))

    def give_under_condition(self, value: JobValue, path: str, span: Span) -> None:
        """Records a key that supplies nothing, because its condition is decided at run time."""
        self._conditional.append(ConditionalDefault(argument=value.argument, path=path, span=span))

    def defaults(self, root: Tree) -> JobDefaults:
        """Returns the defaults for jobs, of these and of the amounts under `resources`."""
        self._settle_quorum()
        records: dict[str, dict[str, typed.Expr]] = {}
        for value, supply in self._given.items():
            if value.key is not None:
                records.setdefault(value.argument, {})[value.key] = supply.node
        return JobDefaults(
            arguments={v.argument: s.node for v, s in self._given.items() if v.key is None},
            records={name: records[name] for name in sorted(records)},
            amounts=dict(_amounts(root)),
            conditional=tuple(self._conditional),
        )

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
        """Determines the quorum: a majority of the verifiers, and no more than there are.

        A share of the verifiers is rounded up, except for what its own last place was rounded up
        by: two thirds of three are two. Without a quorum, verifiers of another number than the
        default have the smallest majority.
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
                self._differ(share, value, quorum, shown(str(QUORUM), quorum.node))
                return
        if quorum is None:
            if verifiers is not None and not _is_majority(QUORUM_DEFAULT, of):
                self._given[QUORUM] = replace(verifiers, node=_integer(verifiers.node, of // 2 + 1))
            return
        if not _is_majority(_count(quorum), of):
            self._report_minority(share or quorum, verifiers, _count(quorum), of)

    def _report_minority(
        self, supply: _Supply, verifiers: _Supply | None, quorum: int, of: int
    ) -> None:
        is_default = "" if verifiers is not None else ", the default"
        self._sink.report(
            "CCL0305",
            supply.node.span,
            section=supply.section,
            key=supply.key,
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


def _amounts(root: Tree) -> Iterator[tuple[str, typed.Expr]]:
    """Yields the amounts of resources that are under no condition, by type."""
    resources = root.named("resources")[:1]
    for section in resources:
        if not isinstance(section, Tree) or is_conditional(section):
            continue
        for key in section.keys:
            match section.named(key):
                case [
                    Property(
                        constant=typed.ScalarConst() as amount,
                        node=typed.CharterProperty(
                            value=typed.CharterNumber(unit=NumberUnit.PLAIN)
                        ),
                    ) as entry
                ] if prune(amount.type) is Prim.INTEGER and not is_conditional(entry):
                    yield key, amount
                case _:
                    pass
