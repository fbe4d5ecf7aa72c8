"""Limits with a place in the source: of parameters, names and stored types.

An inline function has its outer variables as parameters, and so has the function that it is passed
to. All other limits apply to the module (`ccl.pipeline`).
"""

from collections.abc import Iterable, Mapping

from ccl.abi.limits import MODULE_LIMITS, NAME_BYTES_MAX, SCHEMA_BYTES_MAX, SHAPE_BYTES_MAX
from ccl.checking.core.environment import Checker
from ccl.checking.functions.closures import INLINE
from ccl.diagnostics.model import Sink
from ccl.ir import typed
from ccl.source.spans import Span


def report_limits(checker: Checker, functions: Mapping[str, typed.Function]) -> None:
    """Reports functions with too many parameters; an inline one, rather than the function it is
    passed to."""
    wide = [each for each in functions.values() if len(each.parameters) > MODULE_LIMITS.parameters]
    inline = [each for each in wide if each.name == INLINE]
    for function in wide:
        signature = checker.signatures.get(function.id)
        written = () if signature is None or function in inline else signature.item.parameters
        declared = [each.name.span for each in written if "." not in each.name.text]
        if len(declared) > MODULE_LIMITS.parameters:
            extra = declared[MODULE_LIMITS.parameters]
            _report(checker, extra, function, "one too many", "parameters")
        elif function in inline or not inline:
            span = function.span if signature is None else signature.item.name.span
            _report(checker, span, function, "with the variables around it", "captured")


def report_stored(sink: Sink, states: Iterable[typed.State]) -> None:
    """Reports the names and types of state that no host stores."""
    sizes: dict[str, int] = {}
    for state in states:
        check_name(sink, "the name of a state", state.name, state.span)
        check_name(sink, "the name under which it is stored", state.home, state.span)
        size, before = len(state.shape.encode()), sizes.get(state.home, -1)
        _check_stored(sink, "the type of a state, spelled out,", size, SHAPE_BYTES_MAX, state)
        whole = sizes[state.home] = before + len(f"{state.name}: \n".encode()) + size
        if before <= SCHEMA_BYTES_MAX:
            what = "what a file or contract says of its state"
            _check_stored(sink, what, whole, SCHEMA_BYTES_MAX, state)


def check_name(sink: Sink, what: str, text: str, span: Span) -> None:
    """Reports a name that no host takes."""
    size = len(text.encode())
    if not 0 < size <= NAME_BYTES_MAX:
        reason = f"{what} has {size} bytes, 1 to {NAME_BYTES_MAX} are allowed"
        sink.report("CCL0605", span, reason=reason, place=f"{size} bytes", advice="name")


def _check_stored(sink: Sink, what: str, size: int, limit: int, state: typed.State) -> None:
    if size > limit:
        reason = f"{what} is {size} bytes long, at most {limit} are stored"
        sink.report("CCL0605", state.span, reason=reason, place=f"{size} bytes", advice="shape")


def _report(
    checker: Checker, span: Span, function: typed.Function, place: str, advice: str
) -> None:
    count, limit = len(function.parameters), MODULE_LIMITS.parameters
    reason = f"{count} parameters, at most {limit} are allowed"
    checker.sink.report("CCL0605", span, reason=reason, place=place, advice=advice)
