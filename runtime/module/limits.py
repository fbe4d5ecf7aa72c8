"""Limits of compiling one module on this machine."""

from typing import Final

COMPILE_SECONDS: Final = 60
"""Processor time to compile one module: a backstop at seven times the estimate's bound."""
COMPILE_BYTES: Final = 2 << 30
"""Address space of the process that compiles it; modules within the limits were measured to take
less than a fifth."""
