"""Faults of a simulation: their kinds, and dishonest conduct."""
