"""Content: identifiers, the canonical encoding, and records in it. A leaf of the house."""
