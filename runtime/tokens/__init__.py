"""What pays for work: resource tokens, policies, and the rules of the ledger."""
