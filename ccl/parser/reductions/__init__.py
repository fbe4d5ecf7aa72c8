"""Reductions of the grammar to nodes of the abstract syntax tree."""
