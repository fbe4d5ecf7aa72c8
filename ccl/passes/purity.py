"""Purity: expressions that have no effect and cannot trap, so that passes may remove them."""

from ccl.ir.typed import Block, Expr, If, LocalGet, ScalarConst, StateGet, TextConst, UnitConst
from ccl.ir.types import Prim


def is_pure(node: Expr) -> bool:
    match node:
        case ScalarConst() | TextConst() | UnitConst() | LocalGet() | StateGet():
            return True
        case Block(statements=(), value=value):
            return value is None or is_pure(value)
        case If(condition=condition, then=then, otherwise=otherwise):
            return (
                is_pure(condition)
                and is_pure(then)
                and (otherwise is None or is_pure(otherwise))
                and node.type is not Prim.NEVER
            )
        case _:  # any other class may trap
            return False
