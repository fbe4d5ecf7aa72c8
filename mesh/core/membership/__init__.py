"""Membership: who belongs to a mesh, in which role, and how that changes."""
