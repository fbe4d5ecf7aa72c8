"""Schemas of the answers of `ccl` and `cclc` to programs: the keys of each with their meaning."""
