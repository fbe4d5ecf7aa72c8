"""Proofs of version 1: their records and checks, as they were, for ever. Nothing here signs."""
