"""The built-in actions: sections in handlers with effects on tokens, records and policies.

One row per action: its keys and their types, of which the first may be the label.
`ccl.checking.handlers.action_forms` has the effects. A function of the program with the same name
shadows an action.
"""

from collections.abc import Mapping
from typing import Final

from ccl.ir.types import Array, Prim, Type
from ccl.prelude.functions import FUNCTIONS
from ccl.support.node import Node


class ActionForm(Node, frozen=True, kw_only=True):
    """`one_of`: two keys of which exactly one is given; `either`: at most one. `is_open`: any other
    key is allowed."""

    name: str
    keys: Mapping[str, Type]
    optional: frozenset[str] = frozenset()
    one_of: tuple[str, str] | None = None
    either: tuple[str, str] | None = None
    is_open: bool = False


_METERED: Final = dict(FUNCTIONS["record_resource_usage"].parameters)

_ROWS: Final = (
    ActionForm(
        name="mint_token",
        keys={
            "type": Prim.STRING,
            "recipient": Prim.DID,
            "recipients": Array(Prim.DID),
            "amount": Prim.INTEGER,
            "data": Prim.DATA,
        },
        optional=frozenset({"amount", "data"}),
        one_of=("recipient", "recipients"),
    ),
    ActionForm(
        name="transfer_token",
        keys={
            "type": Prim.STRING,
            "from": Prim.DID,
            "to": Prim.DID,
            "recipient": Prim.DID,
            "amount": Prim.INTEGER,
            "data": Prim.DATA,
        },
        optional=frozenset({"from", "amount", "data"}),
        one_of=("to", "recipient"),
    ),
    ActionForm(
        name="anchor_data",
        keys={"path": Prim.STRING, "data": Prim.DATA},
        optional=frozenset({"path"}),
    ),
    ActionForm(
        name="perform_metered_action",
        keys={
            "name": Prim.STRING,
            "action": Prim.STRING,
            "resource_type": _METERED["resource_type"],
            "amount": _METERED["amount"],
            "args": Prim.DATA,
        },
        optional=frozenset({"name", "action", "resource_type", "amount", "args"}),
        either=("name", "action"),
    ),
    ActionForm(name="update_policy", keys={"name": Prim.STRING}, is_open=True),
)

ACTIONS: Final[Mapping[str, ActionForm]] = {row.name: row for row in _ROWS}
"""By name."""

AMOUNT_DEFAULT: Final = 1
RESOURCE_DEFAULT: Final = "compute"
MINTED, TRANSFERRED, POLICY_UPDATED = "token.minted", "token.transferred", "policy.updated"
PERFORMED: Final = "action.performed"
"""Events that actions emit."""
