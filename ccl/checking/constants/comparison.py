"""Constants as values to compare, and as charters write them."""

from ccl.ir import typed
from ccl.prelude.schemas import MIB


def shown(name: str, node: typed.Expr) -> str:
    """Returns a value in the unit in which charters write it."""
    match plain(node):
        case int(value) if name.endswith("_bytes"):
            return f"{value // MIB} MiB" if value % MIB == 0 else f"{value} bytes"
        case int(value) if name.endswith("_seconds"):
            return f"{value} s"
        case tuple(texts):
            return "[" + ", ".join(f'"{text}"' for text in texts) + "]"
        case value:
            return str(value)


def plain(node: typed.Expr) -> object | None:
    """Returns the value of a constant, for comparison; None for a value computed at run time."""
    match node:
        case typed.ScalarConst() | typed.TextConst():
            return node.value
        case typed.ArrayNew():
            elements = [plain(each) for each in node.elements]
            return None if None in elements else tuple(elements)
        case _:  # computed when it runs, or not compared
            return None
