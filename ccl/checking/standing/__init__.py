"""What outlives a call: state, its rules and shapes, invariants; and roles."""
