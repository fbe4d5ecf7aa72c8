"""Calls: which function is meant, its arguments, and errors at the call."""
