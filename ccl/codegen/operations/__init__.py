"""Code of operators, conversions and the functions of the prelude."""
