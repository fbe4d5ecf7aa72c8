"""Functions: their bodies round by round, generic ones, those given as arguments, and calls."""
