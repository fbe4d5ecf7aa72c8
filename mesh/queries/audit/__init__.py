"""The audit: whether the rows of all actors of a home say what their signed records say."""
