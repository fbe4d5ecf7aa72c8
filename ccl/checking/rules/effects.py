"""Effects: host calls that change the world, as a function reaches them."""

from collections.abc import Mapping

from ccl.abi.call_forms import Effect
from ccl.abi.test_calls import ALL_CALLS
from ccl.ir import typed
from ccl.ir.visit import everything, host_calls_of


def changing_call(
    functions: Mapping[str, typed.Function], start: str
) -> typed.CallHost | typed.SubmitManifest | None:
    """Finds a host call that changes the world among those that a function reaches."""
    pending, seen = [start], {start}
    while pending:
        calls: list[typed.CallHost | typed.SubmitManifest] = []
        callees: list[typed.CallFunction] = []
        for node in everything(functions[pending.pop()].body):
            calls += filter(_changes, host_calls_of(node))
            if isinstance(node, typed.CallFunction) and node.function in functions:
                callees.append(node)
        if calls:
            return min(calls, key=_place)
        for each in sorted(callees, key=_place):
            if each.function not in seen:
                seen.add(each.function)
                pending.append(each.function)
    return None


def _changes(call: typed.CallHost | typed.SubmitManifest) -> bool:
    match call:
        case typed.CallHost(call=name):
            return ALL_CALLS[name].effect is Effect.CHANGES
        case typed.SubmitManifest():
            return True


def _place(node: typed.Expr) -> tuple[int, int, int]:
    """Sorts calls as written, an outer one before its arguments."""
    return node.span.file, node.span.start, -node.span.end
