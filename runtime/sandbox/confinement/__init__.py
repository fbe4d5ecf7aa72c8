"""Confinement of the sandbox: privileges, system calls, and evidence of both."""
