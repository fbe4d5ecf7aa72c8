"""The actors of the mesh: submitter, node, verifier and issuer, each one key and its own rows."""
