"""`match`: patterns, what they bind, what they leave out."""
