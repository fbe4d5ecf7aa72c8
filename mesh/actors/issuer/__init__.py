"""The issuer: the only writer of its own issue; it holds, draws, and settles."""
