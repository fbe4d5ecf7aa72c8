"""Owners: their transfers and tokens, and the commands by which units come to them."""
