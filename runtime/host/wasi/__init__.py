"""WASI preview 1 without anything of this machine."""
