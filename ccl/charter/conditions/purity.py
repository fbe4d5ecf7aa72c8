"""Purity of conditions: a charter is read without any effect, so no condition may have one."""

from collections.abc import Iterable, Mapping

from ccl.checking.rules.effects import changing_call
from ccl.diagnostics.model import Label, Sink
from ccl.ir import typed
from ccl.ir.charter import Condition


def report_effects(
    sink: Sink, conditions: Iterable[Condition], functions: Mapping[str, typed.Function]
) -> None:
    """Reports conditions that reach a host call that changes the world."""
    for condition in conditions:
        call = changing_call(functions, condition.function)
        if call is not None:
            sink.report(
                "CCL0322",
                condition.expr.span,
                call=call.call if isinstance(call, typed.CallHost) else "host_submit_manifest",
                labels=(Label(call.span, "called here"),),
            )
