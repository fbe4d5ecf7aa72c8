"""The terminal side of the three commands: streams, interrupts, errors, exit codes, escaping.

Rule: nothing here depends on a command; importing a module loads only what its first line needs.
"""
