"""The mesh: members that bid for work, execute it, verify it and settle it, as actors."""
