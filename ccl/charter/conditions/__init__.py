"""Conditions of the charter: functions that decide them, and their exclusions."""
