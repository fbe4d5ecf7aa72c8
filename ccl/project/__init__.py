"""The project of a program: its folder, `ccl.toml`, and the levels of its warnings."""
