"""Formatting: a concrete tree to its canonical text."""
