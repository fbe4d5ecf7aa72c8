"""Queries about jobs, nodes, blocks and books, for people and programs. They change nothing."""
