"""Shares in the charter: the range of a `quorum` or `threshold` in percent, in any section.

A quorum written as a Decimal is a share as well; whole numbers count members. A `threshold` without
a percentage may measure anything, and is not checked. Keys of a schema have rules there.
"""

from decimal import Decimal
from typing import Final

from ccl.diagnostics.model import Sink
from ccl.ir import typed
from ccl.ir.charter import Tree, key_of
from ccl.ir.typed import NumberUnit
from ccl.prelude.schemas import SCHEMAS, SHARE_KEYS
from ccl.support.node import replace
from ccl.syntax import ast

_KEYS: Final = SHARE_KEYS | {"quorum", "threshold"}


def read_fraction(key: str, value: ast.Expr) -> ast.Expr:
    """Returns a fraction of whole numbers, as `2/3`, with Decimals for its sides; other values
    unchanged."""
    match value:
        case ast.Binary(
            operator="/", left=ast.IntegerLiteral() as part, right=ast.IntegerLiteral() as whole
        ) if key in _KEYS and part.value <= whole.value > 0:
            return replace(value, left=_decimal(part), right=_decimal(whole))
        case _:
            return value


def _decimal(number: ast.IntegerLiteral) -> ast.DecimalLiteral:
    return ast.DecimalLiteral(value=Decimal(number.value), span=number.span)


def check_shares(sink: Sink, tree: Tree, path: tuple[str, ...] = ()) -> None:
    """Reports shares below 0 and above 1, those under a condition too."""
    for each in tree.settings:
        key = key_of(each)
        if isinstance(each, Tree):
            check_shares(sink, each, (*path, key))
            continue
        number, has_schema = each.node.value, key in SCHEMAS.get(".".join(path), ())
        if isinstance(number, typed.CharterNumber) and not has_schema:
            _check(sink, path or ("charter",), key, number)


def _check(sink: Sink, path: tuple[str, ...], key: str, number: typed.CharterNumber) -> None:
    value = Decimal(number.value)
    in_percent = number.unit is NumberUnit.PERCENT
    if key == "quorum" and number.unit is NumberUnit.PLAIN:
        counts = path[-1] != "proposal"
        expected = "from 0 to 1, or a number of members" if counts else "from 0 to 1"
        fits = value >= 0 and (isinstance(number.value, int) or value <= 1)
    elif key in ("quorum", "threshold") and in_percent:
        expected, fits = "from 0% to 100%", 0 <= value <= 100
    elif key == "threshold" and number.is_share:
        expected, fits = "from 0 to 1", 0 <= value <= 1
    else:
        return
    if not fits:
        sink.report(
            "CCL0305",
            number.span,
            section=".".join(path),
            key=key,
            expected=expected,
            found=f"{number.value}%" if in_percent else str(number.value),
        )
