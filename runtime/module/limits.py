"""What compiling one module may take on this machine."""

from typing import Final

COMPILE_SECONDS: Final = 60
"""Processor time to compile one module: a net under the estimate, seven times as far down."""
COMPILE_BYTES: Final = 2 << 30
"""Address space of the process that compiles it; what the limits let through was measured to
take less than a fifth."""
