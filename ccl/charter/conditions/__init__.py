"""Conditions of the charter: functions that decide them, and what they exclude."""
