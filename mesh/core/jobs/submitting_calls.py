"""The host calls by which a program submits jobs, in the imports of its module."""

from typing import Final

from ccl.abi.host_calls import IMPORT_MODULE
from ccl.abi.limits import MODULE_LIMITS
from runtime.module.reader import MalformedError, read_module

SUBMITTING_CALLS: Final = frozenset({"host_submit_job", "host_submit_manifest"})


def submitting_calls(module: bytes) -> tuple[str, ...]:
    """The host calls by which a module submits jobs, as far as its imports can be read."""
    try:
        imports = read_module(module, MODULE_LIMITS, custom=()).imports
    except MalformedError:
        return ()
    return tuple(
        sorted(
            each.name
            for each in imports
            if each.module == IMPORT_MODULE and each.name in SUBMITTING_CALLS
        )
    )
