"""The commands `ccl` and `cclc`."""
