"""Stores and transports behind the ports of the core."""
