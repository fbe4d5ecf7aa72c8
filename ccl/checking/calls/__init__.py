"""Calls: resolution of the callee, arguments, and errors at the call."""
