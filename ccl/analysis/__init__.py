"""Analyses of the typed tree: usage, intervals, sizes, bounds of loops, effects on state."""
