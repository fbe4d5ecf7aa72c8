"""Inference of the types that functions leave out, and elaboration of their bodies."""
