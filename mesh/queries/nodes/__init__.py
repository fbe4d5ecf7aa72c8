"""Queries about nodes: profiles, offers and reputation."""
