"""Constants and constant folding."""
