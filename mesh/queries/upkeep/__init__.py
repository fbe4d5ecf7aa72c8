"""Checks of a home and its proofs, and pruning."""
