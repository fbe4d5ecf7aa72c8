"""Commands for a home: its identity, its state, and whether it is sound."""
