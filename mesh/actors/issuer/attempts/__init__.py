"""Attempts: the records of their work, their draws, and their ends."""
