"""Queries about blocks: found, named, used, and missing."""
