"""Layout: a concrete tree to the one text that it should have."""
