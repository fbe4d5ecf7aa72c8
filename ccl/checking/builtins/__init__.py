"""Forms and values with rules of their own: literals, times, records, submissions, assertions."""
