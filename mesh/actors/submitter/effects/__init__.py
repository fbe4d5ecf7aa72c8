"""What becomes of results: their blocks, and the effects of those that are verified."""
