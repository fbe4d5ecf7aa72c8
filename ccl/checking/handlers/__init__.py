"""Handlers: actions, entries and the event that they make up; `emit`."""
