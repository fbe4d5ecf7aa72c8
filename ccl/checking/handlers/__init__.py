"""Handlers: actions, entries and the event that they emit; `emit`."""
