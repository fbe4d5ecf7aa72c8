"""The limits of the sandbox, held against each module that a command compiles."""

from typing import Final

from msgspec.structs import replace

from ccl.abi.limits import MODULE_LIMITS
from ccl.artifacts.compilation import Refused

_ANY_COST: Final = 1 << 62


def admission(module: bytes) -> Refused | None:
    """Why no node would execute the module, before it has a CID."""
    from runtime.module.check import Rejection, check_module

    found = check_module(module, MODULE_LIMITS)
    if not isinstance(found, Rejection):
        return None
    return Refused(reason=found.reason, functions_after=found.functions_after)


class AdmissionOfLongPrograms:
    """As `admission`, but for one limit: how long a whole module takes to compile.

    That is an estimate, and a program of 100 000 lines is over it; its module is
    valid all the same. `is_over`: some module was admitted so.
    """

    def __init__(self) -> None:
        self.is_over = False

    def __call__(self, module: bytes) -> Refused | None:
        from runtime.module.check import Rejection, check_module

        refused = admission(module)
        if refused is None or refused.functions_after is not None:
            return refused
        without = replace(MODULE_LIMITS, module_cost=_ANY_COST)
        if isinstance(check_module(module, without), Rejection):
            return refused
        self.is_over = True
        return None
