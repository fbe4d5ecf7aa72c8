"""Elaboration of the charter: declarations to one tree of values with conditions."""
