"""Roles and proposals in code."""
