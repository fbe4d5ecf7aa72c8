"""The limits of the sandbox, held against each module that a command compiles."""

from ccl.pipeline import Refused


def admission(module: bytes) -> Refused | None:
    """Why no node would execute the module, before it has a CID."""
    from runtime.modulecheck import Rejection, check_module

    found = check_module(module)
    if not isinstance(found, Rejection):
        return None
    return Refused(reason=found.reason, functions_after=found.functions_after)
