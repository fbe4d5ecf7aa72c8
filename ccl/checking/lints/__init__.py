"""Warnings: what is unused, unreachable, suspicious, or done by habit of another language."""
