"""Inputs of a run: arguments, records, identifiers, and which entries read the input."""
