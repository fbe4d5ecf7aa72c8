"""Means of payment for work: resource tokens, policies, and the rules of the ledger."""
