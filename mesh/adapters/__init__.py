"""Adapters: what implements the ports of the mesh over a real store or transport."""
