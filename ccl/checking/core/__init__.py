"""The core of the checker: its state, types that are inferred, signatures, mutation."""
