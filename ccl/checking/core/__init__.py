"""The core of the checker: its state, type variables, signatures, mutation."""
