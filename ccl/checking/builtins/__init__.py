"""Built-in forms with rules of their own: times, records, submissions, assertions."""
