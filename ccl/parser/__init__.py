"""Parsing: lexer, grammar driver with error recovery, construction of the tree."""
