"""Functions: bodies, signatures, generic and higher-order functions and their instances."""
