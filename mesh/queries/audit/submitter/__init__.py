"""The audit of a submitter: its jobs, state and readings against histories and records."""
