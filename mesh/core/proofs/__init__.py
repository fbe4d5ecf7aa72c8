"""Proofs: what is shown from one file, of a job or of a fault, and how it is checked."""
