"""Invariants of a simulation, whatever is wrong."""
