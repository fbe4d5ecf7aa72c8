"""The store in one SQLite file; the only place that knows SQLite."""

from mesh.adapters.sqlite.errors import StoreError
from mesh.adapters.sqlite.store import SqliteStore, SqliteTransaction

__all__ = ["SqliteStore", "SqliteTransaction", "StoreError"]
