"""`match`: patterns, bindings, exhaustiveness."""
