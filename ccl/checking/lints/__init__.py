"""Warnings: unused, unreachable and suspicious code, and idioms of other languages."""
