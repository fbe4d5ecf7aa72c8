"""Upper bounds, over a function's parameters: lengths, bytes, numbers and loop iterations."""
