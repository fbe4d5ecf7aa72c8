"""Queries about jobs: each by itself, listed, as a tree, its history and its outputs."""
