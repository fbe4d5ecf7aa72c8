"""Identity: signing keys, their DIDs, and records that carry a signature."""
