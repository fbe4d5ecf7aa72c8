"""Builds: the artifact of a checked program, and the modules that programs pack along."""
