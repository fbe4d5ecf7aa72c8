"""Compilation of modules in processes of its own, validation, and the cache."""
