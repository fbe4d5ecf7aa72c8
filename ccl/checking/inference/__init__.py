"""Inference of omitted types, and elaboration of bodies."""
