"""Parts of POSIX that some systems lack.

Rule: a part that only some commands need is imported where it is used, after `require`.
"""

from importlib import import_module


class UnsupportedSystemError(Exception):
    """The system has no such module. purpose: the use that needs it."""

    def __init__(self, module: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs Python's module {module}, which this system does not have"
        )
        self.module = module


def require(module: str, purpose: str) -> None:
    """Raises UnsupportedSystemError if this system's Python has no such module."""
    try:
        import_module(module)
    except ImportError:
        raise UnsupportedSystemError(module, purpose) from None
