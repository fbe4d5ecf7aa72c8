"""The audit of nodes and verifiers: attempts, chains, executions, observations."""
