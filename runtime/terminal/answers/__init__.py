"""Answers of commands to programs: objects, schemas, and the meaning of their keys."""
