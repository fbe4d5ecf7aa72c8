"""One SQLite file, whatever its tables: connections, transactions, and what can fail of them."""
