"""Driving of one simulated actor: its clocks, machine, fetches and station."""
