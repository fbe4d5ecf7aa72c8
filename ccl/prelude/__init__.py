"""The prelude: functions, actions, schemas of the charter, and the index of the library."""
