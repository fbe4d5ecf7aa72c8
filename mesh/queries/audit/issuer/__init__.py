"""The audit of an issuer: its books and attempts against its tokens, holds and settlements."""
