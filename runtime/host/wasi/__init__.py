"""WASI preview 1 without access to this machine."""
