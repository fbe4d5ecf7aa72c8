"""Depth limits of a charter: of sections as the host replays them, of values as DAG-CBOR has them.

Names make values deep whose text is shallow, so the parser's limit is not enough.
"""

from typing import assert_never

from ccl.abi.layout import CHARTER_DEPTH_MAX
from ccl.diagnostics.model import Sink
from ccl.ir import typed
from ccl.ir.charter import Property, Tree
from ccl.source.spans import Span
from runtime.content.codec import DEPTH_MAX


def check_depth(sink: Sink, tree: Tree, depth: int = 0) -> None:
    """Reports sections and values that are nested too deeply."""
    _check_value(sink, tree.label, tree.span)
    if depth > CHARTER_DEPTH_MAX:
        sink.report("CCL0601", tree.span, limit=str(CHARTER_DEPTH_MAX), advice="sections")
        return
    for each in tree.entries:
        match each:
            case Tree():
                check_depth(sink, each, depth + 1)
            case Property():
                _check_value(sink, each.node.value, each.node.span)
            case _:
                pass


def _check_value(sink: Sink, value: typed.CharterValue | None, span: Span) -> None:
    if value is not None and _depth(value) > DEPTH_MAX:
        sink.report("CCL0601", span, limit=str(DEPTH_MAX), advice="values")


def _depth(value: typed.CharterValue | typed.CharterNode) -> int:
    """Returns the number of lists and maps around the innermost value."""
    match value:
        case typed.CharterText() | typed.CharterBool() | typed.CharterDecision():
            return 0
        case typed.CharterNumber():
            return 0 if value.unit is typed.NumberUnit.PLAIN else 1
        case typed.CharterList():
            return 1 + max(map(_depth, value.items), default=0)
        case typed.CharterObject() | typed.CharterSection():
            return 1 + max(map(_depth, value.entries), default=0)
        case typed.CharterProperty():
            return _depth(value.value)
        case typed.CharterBand():
            return 1 + max(_depth(value.low), _depth(value.high))
        case typed.CharterCall():
            return 2 + max(map(_depth, value.arguments), default=0)
        case _:
            assert_never(value)
