"""Queries about accounts, tokens, policies and property of an owner."""
