"""Analyses of the typed tree: usage, intervals, sizes, moves, effects on state."""
