"""Admission of modules that a command compiles, by the limits of the sandbox."""

from typing import Final

from msgspec.structs import replace

from ccl.abi.limits import MODULE_LIMITS
from ccl.artifacts.compilation import Refused

_ANY_COST: Final = 1 << 62


def admission(module: bytes) -> Refused | None:
    """Gives the reason why no node would execute the module, before it has a CID."""
    from runtime.module.check import Rejection, check_module

    found = check_module(module, MODULE_LIMITS)
    if not isinstance(found, Rejection):
        return None
    return Refused(reason=found.reason, functions_after=found.functions_after)


class AdmissionOfLongPrograms:
    """As `admission`, without one limit: the time to compile a whole module.

    That is an estimate, and a program of 100 000 lines exceeds it; its module is valid all the
    same. `is_over`: some module exceeds it.
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
