"""The submitter: its jobs from request to effects, its state, and what it has read of others."""
