"""Effects: host calls that change the world, as a function reaches them."""

from collections.abc import Mapping

from ccl.abi.call_forms import Effect
from ccl.abi.test_calls import ALL_CALLS
from ccl.ir import typed
from ccl.support.node import nodes_of


def changing_call(
    functions: Mapping[str, typed.Function], start: str
) -> typed.CallHost | typed.SubmitManifest | None:
    """Finds a host call that changes the world among those that a function reaches."""
    pending, seen = [start], {start}
    while pending:
        for node in nodes_of(functions[pending.pop()].body):
            match node:
                case typed.SubmitManifest():
                    return node
                case typed.CallHost() if ALL_CALLS[node.call].effect is Effect.CHANGES:
                    return node
                case typed.CallFunction(function=callee) if (
                    callee not in seen and callee in functions
                ):
                    seen.add(callee)
                    pending.append(callee)
                case _:
                    pass
    return None
