"""Symbols of a checked program: what declares each, and the table of their occurrences."""
