"""Driving the actors of a home: turns, and the executions between them."""
