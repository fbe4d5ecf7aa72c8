"""The sandbox: execution of modules in confined worker processes.

Rule: nothing is loaded by its name alone; a command that executes nothing loads no part of it, and
the engine is loaded in the workers only.
"""
