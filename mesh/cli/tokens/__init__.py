"""Commands for tokens: balances, grants, and tokens handed on."""
