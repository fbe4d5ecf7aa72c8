"""`ccl charter`: replayed charters as text, as JSON, and as rules."""
