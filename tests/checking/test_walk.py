"""The walk of the typed tree covers every class of nodes."""

from typing import get_args

import pytest

from ccl.ir import typed
from ccl.ir.visit import _INSIDE, LEAVES


@pytest.mark.parametrize("union", [typed.Expr, typed.Statement])
def test_every_class_has_a_row(union: object) -> None:
    assert set(get_args(union)) <= _INSIDE.keys()


def test_leaves_have_no_parts() -> None:
    for leaf in LEAVES:
        kinds = [leaf.__annotations__[name] for name in leaf.__struct_fields__]
        assert not {"Expr", "Block"} & {str(kind) for kind in kinds}, leaf
