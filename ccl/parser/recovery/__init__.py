"""Recovery from syntax errors: what is reported, and how parsing goes on."""
