"""Code of functions: expressions, statements, calls, lvalues."""
