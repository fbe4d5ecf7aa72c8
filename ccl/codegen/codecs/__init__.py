"""Routines that each type has: encoding, decoding, comparison, release, clone."""
