"""Expressions and statements, checked and typed."""
