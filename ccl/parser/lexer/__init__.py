"""Lexing: text to classified tokens, and the values of literals."""
