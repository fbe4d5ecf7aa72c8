"""This machine: its clock, its engine and sandbox, their speed, and the modules that they admit."""
