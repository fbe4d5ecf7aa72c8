"""Limits of modules that the checker can place: how many parameters a function has.

An inline function has the variables that it uses from around it as parameters, and so has the
function that it is given to. All other limits are held against the module (`ccl.pipeline`).
"""

from collections.abc import Mapping

from ccl import typed
from ccl.abi.limits import MODULE_LIMITS
from ccl.checking.environment import Checker
from ccl.checking.functions.closures import INLINE
from ccl.source import Span


def report_limits(checker: Checker, functions: Mapping[str, typed.Function]) -> None:
    """Every function with too many parameters; where an inline one has, not what it is given to."""
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


def _report(
    checker: Checker, span: Span, function: typed.Function, place: str, advice: str
) -> None:
    count, limit = len(function.parameters), MODULE_LIMITS.parameters
    reason = f"{count} parameters, at most {limit} are allowed"
    checker.sink.report("CCL0605", span, reason=reason, place=place, advice=advice)
