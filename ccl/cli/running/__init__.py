"""`ccl run`: the local driver that composes compiler, runtime and mesh."""
