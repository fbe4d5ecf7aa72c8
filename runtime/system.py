"""Parts of the operating system that some systems lack, and the error where one is needed.

Rule: what only some commands need is imported where it is used, after `require`.
"""

from importlib import import_module

from runtime.terminal.errors import CommandError, ExitCode


def require(module: str, purpose: str) -> None:
    """Raises CommandError if this system's Python has no such module of the standard library."""
    try:
        import_module(module)
    except ImportError:
        raise CommandError(
            ExitCode.FAILED,
            "unsupported-system",
            f"{purpose} needs Python's module {module}, which this system does not have",
            hint="use Linux or macOS, or on Windows the Windows Subsystem for Linux; "
            "`cclc` works everywhere",
            details={"module": module},
        ) from None
