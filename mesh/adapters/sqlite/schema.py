"""The tables of the one file that holds a mesh, and the marks by which we know it as ours.

Rule: tables are STRICT, integers are 63-bit, records are stored as the very bytes that were
signed. A change of the tables raises SCHEMA_VERSION.
"""

from typing import Final

APPLICATION_ID: Final = 0x49434E4D
"""`ICNM`: SQLite's own place for saying whose file it is."""
SCHEMA_VERSION: Final = 1

TABLES: Final = """
CREATE TABLE blocks (
    cid BLOB PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;
CREATE TABLE block_total (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
INSERT INTO block_total VALUES (1, 0);
"""
