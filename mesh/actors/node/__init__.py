"""The node: bids for jobs, executes what it is ordered to, and signs what came of it."""
