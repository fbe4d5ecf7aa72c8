"""Kernels in CCL and, line for line, in C: what the checks of the language cost."""
