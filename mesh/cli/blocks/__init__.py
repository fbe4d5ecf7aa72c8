"""Commands for blocks, and a block as JSON."""
