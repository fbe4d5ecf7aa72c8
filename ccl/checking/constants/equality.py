"""Equality of constants, as `==` of the running program defines it."""

from ccl.ir import typed


def same(left: typed.Expr, right: typed.Expr) -> bool:
    """Returns whether two constants of one type are equal, part by part."""
    match left, right:
        case typed.ScalarConst(), typed.ScalarConst():
            return left.value == right.value
        case typed.TextConst(), typed.TextConst():
            return left.value == right.value
        case typed.ArrayNew(), typed.ArrayNew():
            return _all_same(left.elements, right.elements)
        case typed.StructNew(), typed.StructNew():
            return _all_same(left.values, right.values)
        case typed.VariantNew(), typed.VariantNew():
            return left.tag == right.tag and _all_same(left.payload, right.payload)
        case typed.UnitConst(), typed.UnitConst():
            return True
        case typed.CallBuiltin(), typed.CallBuiltin():  # maps without entries
            return True
        case _:
            raise AssertionError("constants of one type have one form")


def _all_same(left: tuple[typed.Expr, ...], right: tuple[typed.Expr, ...]) -> bool:
    return len(left) == len(right) and all(map(same, left, right))
