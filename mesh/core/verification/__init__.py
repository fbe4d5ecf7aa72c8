"""Verification by executing again: who verifies, what is sealed, and what follows from results."""
