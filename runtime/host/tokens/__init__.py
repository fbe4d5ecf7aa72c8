"""Tokens as an execution sees them: the book of holders, and its host calls."""
