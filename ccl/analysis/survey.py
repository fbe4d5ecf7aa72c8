"""Surveys of bodies: the variables written, the functions called, and the blocks, in one walk.

Rule: direct effects only; `ccl.analysis.state_effects` adds those of the functions called.
"""

from collections.abc import Iterator
from typing import Final, get_args

from ccl.ir.typed import (
    Block,
    CallBuiltin,
    CallFunction,
    Evaluate,
    Expr,
    LocalGet,
    MatchTag,
    Operation,
    ScalarConst,
    SetLocal,
    StateGet,
    Store,
    TextConst,
)
from ccl.ir.visit import Root, bindings_of, children, operands_of, writes_of
from ccl.support.node import Node

_OPERATIONS: Final = frozenset(get_args(Operation))
"""Most nodes: a set is searched faster than patterns are tried."""


class Use(Node, frozen=True, kw_only=True):
    """Ids of state variables. What is changed in part is read as well."""

    read: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()

    @property
    def touched(self) -> frozenset[str]:
        return self.read | self.written

    def __or__(self, other: "Use") -> "Use":
        return Use(read=self.read | other.read, written=self.written | other.written)


class Survey(Node, frozen=True, kw_only=True):
    """Direct effects and parts of a body, by index of locals and id of state and functions."""

    rebound: frozenset[int]
    """Locals set as a whole, by an assignment."""
    bound: frozenset[int]
    """Locals bound by a loop or a pattern, each time to another value."""
    changed: frozenset[int]
    """Locals whose object is changed, in part or by a callee."""
    state: Use
    calls: tuple[str, ...]
    """Each callee once, in no order."""
    blocks: tuple[Block, ...]
    """At any depth, the body among them, in no order."""

    @property
    def assignments(self) -> Iterator[SetLocal]:
        """Every statement that sets a local."""
        return (
            statement
            for each in self.blocks
            for statement in each.statements
            if isinstance(statement, SetLocal)
        )

    @property
    def written(self) -> frozenset[int]:
        return self.rebound | self.changed


def survey(body: Expr) -> Survey:
    rebound: set[int] = set()
    bound: set[int] = set()
    written: set[Root] = set()
    read: set[str] = set()
    calls: dict[str, None] = {}
    blocks: list[Block] = []
    pending: list[Expr] = [body]
    while pending:
        node = pending.pop()
        if type(node) in _OPERATIONS:
            pending.extend(children(node))
            continue
        match node:
            case LocalGet() | ScalarConst() | TextConst():
                continue
            case StateGet(state=state):
                read.add(state)
                continue
            case CallFunction(function=function):
                calls[function] = None
                written.update(writes_of(node))
            case CallBuiltin():
                written.update(writes_of(node))
            case Block(statements=statements):
                blocks.append(node)
                for statement in statements:
                    if type(statement) is Evaluate:
                        continue
                    if type(statement) is SetLocal:
                        rebound.add(statement.local.index)
                        continue
                    bound.update(local.index for local in bindings_of(statement))
                    written.update(writes_of(statement))
                    if isinstance(statement, Store) and isinstance(statement.root, StateGet):
                        read.add(statement.root.state)
            case MatchTag():
                bound.update(local.index for local in bindings_of(node))
            case _:
                pending.extend(operands_of(node))
                continue
        pending.extend(children(node))
    return Survey(
        rebound=frozenset(rebound),
        bound=frozenset(bound),
        changed=frozenset(root for root in written if isinstance(root, int)),
        state=Use(
            read=frozenset(read),
            written=frozenset(root for root in written if isinstance(root, str)),
        ),
        calls=tuple(calls),
        blocks=tuple(blocks),
    )
