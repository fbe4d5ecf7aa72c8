"""Settlement: the issuer's attempts, when they end, what each end pays, and the ledger's books."""
