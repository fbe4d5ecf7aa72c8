"""The host's side of an execution: host calls, over a context and nothing else.

No engine here: the guest's memory is a port, so that every rule can be tested without one.
"""
