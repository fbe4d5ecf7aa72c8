"""Modules as bytes: reading, checks, the cost of compiling, and plans of calls."""
