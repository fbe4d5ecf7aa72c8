"""The sandbox: execution of modules in confined worker processes.

Rule: no module is loaded before its use; a command that executes nothing loads no part of it, and
the engine is loaded in the workers only.
"""
