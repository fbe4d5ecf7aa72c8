"""Who signs: keys, their DIDs, and records that carry a signature."""
